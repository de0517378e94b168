import type { Locator, Page } from "@playwright/test";

/** The verdict: the first sentence of a rollout page, and its live region. */
export function rolloutSentence(page: Page): Locator {
  return page.getByRole("region", { name: "Where it stands" }).getByRole("status");
}

/** The start button, whatever it says. */
export function startButton(page: Page): Locator {
  return page.getByRole("region", { name: "Start", exact: true }).getByRole("button");
}

/** Answers for kubelets that the console could not read. */
export async function answerForKubelets(page: Page): Promise<void> {
  await page.getByLabel("The kubelets were not checked by this console").check();
}

/** Gives what a minor asks for where the kubelets were read: the name is typed. */
export async function agreeToMinor(page: Page, name: string): Promise<void> {
  await page.getByLabel("Type the name of the tenant to confirm").fill(name);
}

/** Chooses a strategy on the start page. */
export async function chooseStrategy(page: Page, value: string): Promise<void> {
  await page.locator(`input[type="radio"][name="strategy"][value="${value}"]`).check();
}

/** The comparison of the lab as texts: one row for each strategy. */
export async function comparison(page: Page): Promise<string[][]> {
  const rows = page.getByRole("region", { name: "Strategies compared" }).locator("tbody tr");
  return rows.evaluateAll((rows) =>
    rows.map((row) => [...row.children].map((cell) => (cell.textContent ?? "").replace(/\s+/g, " ").trim())),
  );
}
