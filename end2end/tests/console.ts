import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The binary under test; `cargo xtask test` builds it and says where it is. */
export const BINARY = process.env["CONSOLE_BINARY"] ?? fileURLToPath(new URL("../../target/debug/console", import.meta.url));

/** How long the console may take to start, and to stop with streams open (ms). */
const START_WITHIN = 20_000;
const STOP_WITHIN = 8_000;

/** A console of a journey's own. */
export class Console {
  private constructor(
    private readonly process: ChildProcess,
    private readonly log: string[],
    /** Where its pages are. */
    readonly url: string,
  ) {}

  /** Starts `console serve` with these arguments, on a free port unless they name one, and waits until it serves. */
  static async serve(args: string[]): Promise<Console> {
    const listen = args.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
    // Journeys stay on this machine: none asks a registry beyond the sandbox.
    const child = spawn(BINARY, ["serve", "--log", "warn", "--registry", "none", ...listen, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    const log: string[] = [];
    createInterface({ input: child.stderr }).on("line", (line) => log.push(line));
    const lines = createInterface({ input: child.stdout });
    const ready = new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the console was not ready in time\n${log.join("\n")}`)), START_WITHIN);
      lines.on("line", (line) => {
        const url = /^Console ready: (http:\S+)$/.exec(line)?.[1];
        if (url !== undefined) {
          clearTimeout(timer);
          resolve(url);
        }
      });
      child.once("error", reject);
      child.once("exit", (code) => {
        clearTimeout(timer);
        reject(new Error(`the console ended with ${code}\n${log.join("\n")}`));
      });
    });
    return new Console(child, log, await ready);
  }

  /** What it has logged. */
  get lines(): string {
    return this.log.join("\n");
  }

  /** Waits until it has read the cluster. */
  async ready(): Promise<void> {
    for (let tries = 0; tries < 400; tries += 1) {
      if ((await fetch(`${this.url}/readyz`)).ok) {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the console has not read the cluster in time\n${this.lines}`);
  }

  /** Ends it as a supervisor does, and expects that it goes by itself. */
  async stop(): Promise<void> {
    if (!this.running()) {
      return;
    }
    const ended = once(this.process, "exit");
    this.process.kill("SIGTERM");
    const timer = setTimeout(() => this.process.kill("SIGKILL"), STOP_WITHIN);
    const [code, signal] = (await ended) as [number | null, string | null];
    clearTimeout(timer);
    if (code !== 0) {
      throw new Error(`the console did not stop by itself: ${signal ?? code}\n${this.lines}`);
    }
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    if (this.running()) {
      const ended = once(this.process, "exit");
      this.process.kill("SIGKILL");
      await ended;
    }
  }

  /** Stops it where it stands, as a machine that sleeps. */
  pause(): void {
    this.process.kill("SIGSTOP");
  }

  /** Lets it go on. */
  resume(): void {
    this.process.kill("SIGCONT");
  }

  private running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }
}

/** The address of the cluster in a kubeconfig that the sandbox has written: JSON, which is YAML. */
export async function clusterOf(kubeconfig: string): Promise<string> {
  const config = JSON.parse(await readFile(kubeconfig, "utf8")) as { clusters: { cluster: { server: string } }[] };
  const server = config.clusters[0]?.cluster.server;
  if (server === undefined) {
    throw new Error(`${kubeconfig} names no cluster`);
  }
  return server;
}
