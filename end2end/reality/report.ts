import type { FullResult, Reporter, TestCase } from "@playwright/test/reporter";

/** What a journey measured: an annotation of this type, which the report prints and nothing judges. */
export const FIGURE = "figure";

/** Prints at the end what the journeys measured, and how long all of them took. */
export default class Figures implements Reporter {
  private readonly figures: string[] = [];

  onTestEnd(test: TestCase): void {
    const measured = test.annotations.filter(({ type }) => type === FIGURE);
    this.figures.push(...measured.map(({ description }) => description ?? ""));
  }

  onEnd({ duration }: FullResult): void {
    console.log("\nFigures:");
    for (const figure of [...this.figures, `all journeys: ${(duration / 1000).toFixed(0)} s`]) {
      console.log(`    ${figure}`);
    }
  }

  printsToStdio(): boolean {
    // Beside the list of journeys, which owns the terminal.
    return false;
  }
}
