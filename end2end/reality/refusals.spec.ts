import type { Page } from "@playwright/test";

import { NAMESPACE, words, type Cluster } from "./cluster.js";
import { expect, test, type Open } from "./fixtures.js";

/** What becomes of a version, by Kamaji or by the console. */
type Verdict = "taken" | "above the highest" | "older" | "skips a minor" | "no version";

/** A verdict and the words it was read from. */
interface Judged {
  verdict: Verdict;
  words: string;
}

/** A version to ask for. */
interface Case {
  to: string;
  /** Why the console refuses what Kamaji takes, where it does; a piece of the reason on the page. */
  stricter?: string;
}

/** Kamaji takes what `semver` reads, and then rolls pods onto an image that does not exist. */
const TAG = "image tag";

const MATRIX: Record<string, Case[]> = {
  "v1.28.3": [
    { to: "v1.28.3", stricter: "already the wanted version" },
    ...["v1.28.4", "v1.28.15", "v1.28.2", "v1.28.0", "v1.27.9", "v1.29.0", "v1.29.99"].map((to) => ({ to })),
    ...["v1.30.0", "v1.30.2", "v1.30.3", "v1.31.0", "v1.999.0", "v2.0.0", "v0.28.3"].map((to) => ({ to })),
    ...["v1.28.3-rc.1", "v1.28.4-rc.1", "v1.29.0-rc.1", "v1.29.0-alpha.0", "v1.30.2-rc.1"].map((to) => ({ to })),
    ...["banana", "v1.28", "v1", "v1.028.4", "V1.28.4", "v1.28.4.5", "v1.28.x", "latest", "v-1.28.4"].map((to) => ({ to })),
    { to: "1.28.4", stricter: TAG },
    { to: "v1.29.0+k0s", stricter: TAG },
  ],
  "v1.29.0": [
    ...["v1.29.1", "v1.28.3", "v1.28.99", "v1.30.0", "v1.30.2", "v1.30.3", "v1.31.0"].map((to) => ({ to })),
    ...["v1.29.0-rc.1", "v1.30.2-rc.1", "v1.30.3-rc.1"].map((to) => ({ to })),
  ],
  "v1.30.2": [
    { to: "v1.30.2", stricter: "already the wanted version" },
    ...["v1.30.1", "v1.30.0", "v1.29.0", "v1.30.3", "v1.31.0", "v1.30.3-rc.1", "v1.30.2-rc.1"].map((to) => ({ to })),
  ],
};

// Each page is asked for as a whole: what it says stands in its HTML.
test.use({ javaScriptEnabled: false });

for (const [from, cases] of Object.entries(MATRIX)) {
  test(`from ${from} the console's verdict on each version is Kamaji's, with the same reason`, async ({ page, open, cluster, named }) => {
    const name = named(`refusals-${from.replaceAll(".", "-")}`);
    await cluster.make(name, { version: from, replicas: 1, withoutApi: true });
    await expect(async () => {
      await open(`/tenants/${NAMESPACE}/${name}`);
      await expect(page.getByRole("heading", { level: 1, name })).toBeVisible({ timeout: 500 });
    }).toPass();

    const differing: string[] = [];
    const seen = new Set<Verdict>();
    for (const { to, stricter } of cases) {
      const kamaji = await verdictOfKamaji(cluster, name, to);
      const console = await verdictOfConsole(page, open, name, to);
      seen.add(kamaji.verdict);
      const agree =
        stricter === undefined
          ? console.verdict === kamaji.verdict && console.words.includes(highestIn(kamaji.words))
          : kamaji.verdict === "taken" && console.words.includes(stricter);
      if (!agree) {
        differing.push(`${from} → ${JSON.stringify(to)}: Kamaji ${kamaji.verdict} (${kamaji.words}), console ${console.verdict} (${console.words})`);
      }
    }
    expect(differing).toEqual([]);
    expect(seen.size, "the matrix asks for different things").toBeGreaterThanOrEqual(3);
    expect((await cluster.tenant(name)).spec.kubernetes.version, "nothing was written").toBe(from);
  });
}

async function verdictOfKamaji(cluster: Cluster, name: string, version: string): Promise<Judged> {
  const said = words(await cluster.dryRun(name, { spec: { kubernetes: { version } } }));
  const verdict = verdictIn(said, [
    ["greater than the supported one", "above the highest"],
    ["unable to downgrade", "older"],
    ["non-sequential mode", "skips a minor"],
    ["unable to parse", "no version"],
  ]);
  return { verdict, words: said };
}

/** The highest version that Kamaji names in a refusal, as the console writes it; nothing in any other. */
function highestIn(words: string): string {
  const highest = /supported one, actually (\S+)/.exec(words)?.[1];
  return highest === undefined ? "" : `above v${highest},`;
}

/** By the first reason on the start page that blocks; Kamaji's come first, in its own order. */
async function verdictOfConsole(page: Page, open: Open, name: string, version: string): Promise<Judged> {
  await open(`/tenants/${NAMESPACE}/${name}/start?version=${encodeURIComponent(version)}`);
  const reasons = page.locator(".finding--blocks .finding__title").or(page.getByRole("alert"));
  const words = (await reasons.count()) === 0 ? "" : await reasons.first().innerText();
  const verdict = verdictIn(words, [
    ["the highest version that this Kamaji accepts", "above the highest"],
    ["Kamaji refuses it", "older"],
    ["more than one minor", "skips a minor"],
    ["is not a Kubernetes version", "no version"],
  ]);
  return { verdict, words };
}

function verdictIn(words: string, known: [string, Verdict][]): Verdict {
  if (words === "") {
    return "taken";
  }
  const found = known.find(([part]) => words.includes(part));
  // Another reason is none of these verdicts, and must not look like one.
  return found?.[1] ?? (`something else: ${words}` as Verdict);
}
