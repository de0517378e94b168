import type { JSHandle, Page } from "@playwright/test";

import { hydrated, live } from "../tests/fixtures.js";
import { rolloutSentence, startButton } from "../tests/pages.js";
import { deployedRoles, userOf } from "./accounts.js";
import { requests, type Noted } from "./audit.js";
import { NAMESPACE } from "./cluster.js";
import { expect, test } from "./fixtures.js";
import { FIGURE } from "./report.js";

/** How often an object is changed to see how long a browser takes to show it. */
const CHANGES = 40;

/** When a page heard of a change on its stream, and when it showed it (ms since 1970). */
interface Seen {
  heard: number;
  shown: number;
}

test("how long a change of an object takes to a browser", async ({ page, open, cluster, named }, testInfo) => {
  const name = named("figures-latency");
  await cluster.make(name, { replicas: 1, withoutApi: true });
  await page.addInitScript(tellWhatIsHeard);
  await open(`/tenants/${NAMESPACE}/${name}`);
  await live(page);
  const [heard, shown]: [number[], number[]] = [[], []];
  for (let change = 0; change < CHANGES; change += 1) {
    // No page says such a number before.
    const surge = 100 + change;
    const seen = await watchFor(page, `${surge}/1`);
    await cluster.change(name, { spec: { controlPlane: { deployment: { strategy: { rollingUpdate: { maxSurge: surge, maxUnavailable: 1 } } } } } });
    const stored = Date.now();
    const at = await seen.evaluate((seen) => seen.promise);
    // The watch may be quicker than the answer to who made the change.
    heard.push(Math.max(0, at.heard - stored));
    shown.push(Math.max(0, at.shown - stored));
  }
  for (const [what, times] of [["on its stream", heard], ["on the page", shown]] as const) {
    const description = `from stored to seen ${what}: median ${quantile(times, 0.5)} ms, 95 of 100 within ${quantile(times, 0.95)} ms (${CHANGES} changes)`;
    testInfo.annotations.push({ type: FIGURE, description });
  }
});

test("what a console asks for during one upgrade", async ({ page, cluster, consoleOf, named }, testInfo) => {
  const name = named("figures-requests");
  await cluster.make(name);
  const account = named("counted");
  const console = await consoleOf(account, "cluster", (await deployedRoles(cluster)).flatMap(({ rules }) => rules));
  await console.ready();
  const own = async (): Promise<Noted[]> => (await requests()).filter(({ user }) => user === userOf(account));
  await cluster.until("all watches are open", async () => (await own()).filter(({ verb }) => verb === "watch").length >= 6);
  const before = await own();

  await page.goto(`${console.url}/tenants/${NAMESPACE}/${name}/start?version=v1.28.4`);
  await hydrated(page);
  await live(page);
  await startButton(page).click();
  await cluster.until("the hop is finished", () => cluster.finished(name, "v1.28.4"), 150_000);
  await expect(rolloutSentence(page)).toHaveText("v1.28.4 is installed and serves, and no older pod is left.");
  const during = (await own()).slice(before.length);
  expect(during.filter(({ verb, target }) => verb === "patch" && !target.includes("dryRun=All")), "one of them writes").toHaveLength(1);
  testInfo.annotations.push({ type: FIGURE, description: `requests to begin with: ${counted(before)}` });
  testInfo.annotations.push({ type: FIGURE, description: `requests for one upgrade, from its start page to its end: ${counted(during)}` });
  await cluster.silence(name);
});

/** Runs in the page before its own scripts: each event of a stream is told with its moment, before the page takes it. */
function tellWhatIsHeard(): void {
  const Native = window.EventSource;
  window.EventSource = class extends Native {
    constructor(url: string | URL, init?: EventSourceInit) {
      super(url, init);
      this.addEventListener("snapshot", ({ data }: MessageEvent<string>) => {
        window.dispatchEvent(new CustomEvent("heard", { detail: { at: Date.now(), data } }));
      });
    }
  };
}

/** Begins to watch the page for a text; what it is promised is kept there until it is asked for. */
function watchFor(page: Page, text: string): Promise<JSHandle<{ promise: Promise<Seen> }>> {
  return page.evaluateHandle((text) => {
    let heard = 0;
    const hear = (event: Event): void => {
      heard = (event as CustomEvent<{ at: number }>).detail.at;
    };
    window.addEventListener("heard", hear);
    const main = document.querySelector("main")!;
    const promise = new Promise<Seen>((resolve) => {
      const observer = new MutationObserver(() => {
        if (main.textContent.includes(text)) {
          observer.disconnect();
          window.removeEventListener("heard", hear);
          resolve({ heard, shown: Date.now() });
        }
      });
      observer.observe(main, { childList: true, characterData: true, subtree: true });
    });
    return { promise };
  }, text);
}

/** The smallest of the values that this part of all does not exceed. */
function quantile(values: number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(part * sorted.length) - 1]!;
}

/** How many of each verb, dry runs apart. */
function counted(requests: Noted[]): string {
  const counts = new Map<string, number>();
  for (const { verb, target } of requests) {
    const what = target.includes("dryRun=All") ? `${verb} as a dry run` : verb;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const each = [...counts].sort().map(([what, count]) => `${count} ${what}`);
  return `${requests.length} (${each.join(", ")})`;
}
