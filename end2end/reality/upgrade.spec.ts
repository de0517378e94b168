import type { Page, TestInfo } from "@playwright/test";

import { live } from "../tests/fixtures.js";
import { agreeToMinor, answerForKubelets, chooseStrategy, comparison, rolloutSentence, startButton } from "../tests/pages.js";
import { Cluster, NAMESPACE } from "./cluster.js";
import { expect, test, type Open } from "./fixtures.js";
import { Recorder } from "./recorder.js";
import { FIGURE } from "./report.js";

/** The tenant that the cluster begins with; a second try makes another, since this one has been upgraded. */
let tenant = "tenant-00";

/** What Kamaji, controllers, scheduler and watches take on top on a busy machine, which the model does not know (ms). */
const ON_TOP_MS = 1_500;

/** How long it takes, as the lab says for this tenant: with its quickest and with its slowest earlier pods (ms). */
interface Range {
  from: number;
  to: number;
}

/** One hop of tenant-00, from the start page to its end. */
interface Hop {
  from: string;
  to: string;
  strategy: string;
  name: string;
}

test.describe.configure({ mode: "serial" });

test.beforeAll(async ({}, { retry }) => {
  if (retry > 0) {
    tenant = `upgrade-again-${retry}`;
    await (await Cluster.asAdministrator()).make(tenant);
  }
});

test("a minor by Blue/Green, followed to its end", async ({ page, open, cluster }, testInfo) => {
  await upgrade(page, open, cluster, testInfo, { from: "v1.28.3", to: "v1.29.0", strategy: "100%/0", name: "Blue/Green" });
});

test("the next minor by 1/1, followed to its end", async ({ page, open, cluster }, testInfo) => {
  await upgrade(page, open, cluster, testInfo, { from: "v1.29.0", to: "v1.30.2", strategy: "1/1", name: "Rolling" });
  expect((await cluster.tenant(tenant)).spec.controlPlane.deployment.strategy).toEqual({
    type: "RollingUpdate",
    rollingUpdate: { maxSurge: 1, maxUnavailable: 1 },
  });
});

function pages(): string {
  return `/tenants/${NAMESPACE}/${tenant}`;
}

async function upgrade(page: Page, open: Open, cluster: Cluster, testInfo: TestInfo, hop: Hop): Promise<void> {
  await open(pages());
  await replaceOnePod(cluster);
  const range = await predictedRange(page, open, hop);

  await open(`${pages()}/start?version=${hop.to}`);
  await chooseStrategy(page, hop.strategy);
  await expect(page.getByRole("heading", { name: `${hop.from} → ${hop.to} is the next minor. Nothing blocks it.` })).toBeVisible();
  await expect(page.getByText("The API server and Kamaji would take this change.")).toBeVisible();
  const predicted = {
    peak: Number.parseInt(await figure(page, "Pods alive at the peak"), 10),
    floor: Number.parseInt(await figure(page, "Lowest serving"), 10),
  };

  const recorder = await Recorder.start(cluster, tenant);
  await answerForKubelets(page);
  await agreeToMinor(page, tenant);
  await startButton(page).click();
  await expect(page).toHaveURL(`${pages()}/rollout`);
  await live(page);

  const stages = page.getByRole("region", { name: "Stages" });
  await expect(stages.getByRole("listitem").filter({ hasText: "Rolling out, now" })).toBeVisible();
  await expect(rolloutSentence(page)).toHaveText(`${hop.to} is installed and serves, and no older pod is left.`, { timeout: 90_000 });
  expect(await cluster.finished(tenant, hop.to), "the page says it is done, and it is").toBe(true);
  await expect(stages.getByRole("listitem").filter({ hasText: "Finished, done" })).toBeVisible();
  recorder.stop();

  const recorded = recorder.figures();
  const took = recorder.replacedWithin(hop.to);
  if (took === undefined) {
    throw new Error("the watch has not seen the end that the page tells");
  }
  const film = page.getByRole("img", { name: `${hop.from} → ${hop.to}` });
  await expect(film).toHaveAccessibleDescription(new RegExp(`At most ${recorded.peak} pods are alive at once\\. .*Never fewer than ${recorded.floor} serving\\.`));
  expect(recorded.made, "each pod was replaced once").toBe(3);
  expect({ peak: recorded.peak, floor: recorded.floor }, "peak and floor are those of the prediction").toEqual(predicted);

  const told = /finished after ([\d.]+) s/.exec(await page.getByRole("region", { name: "Where it stands" }).innerText())?.[1];
  expect(Math.abs(Number(told) * 1000 - took), `the page tells ${told} s, the watch saw ${took} ms`).toBeLessThanOrEqual(ON_TOP_MS);

  const account = `observed ${took} ms, predicted ${range.from} to ${range.to} ms`;
  testInfo.annotations.push({ type: FIGURE, description: `${hop.from} → ${hop.to}, ${hop.strategy}: ${account}` });
  expect(took, account).toBeGreaterThanOrEqual(range.from);
  expect(took, account).toBeLessThanOrEqual(range.to + ON_TOP_MS);
}

/** The console learns how long pods take only from pods that it saw: one ends, and one takes its place. */
async function replaceOnePod(cluster: Cluster): Promise<void> {
  const [first] = await cluster.pods(tenant);
  await cluster.must("DELETE", `/api/v1/namespaces/${NAMESPACE}/pods/${first!.metadata.name}`);
  const replaced = async () => {
    const pods = await cluster.pods(tenant);
    return pods.length === 3 && pods.every((pod) => pod.metadata.uid !== first!.metadata.uid);
  };
  await cluster.until("a pod is replaced", replaced);
  await cluster.until("all serve", async () => (await cluster.deployment(tenant)).status?.readyReplicas === 3);
}

/**
 * What the lab plays with the tenant's quickest pods, and with its slowest. It prints whole seconds, rounded down, and start-ups
 * that it did not see happen are known from the API's times, which are whole seconds at both ends.
 */
async function predictedRange(page: Page, open: Open, hop: Hop): Promise<Range> {
  await open(`${pages()}/lab`);
  const text = await page.getByRole("main").innerText();
  const sources = [...text.matchAll(/(\d+) s, of (?:\d+|one) earlier pods? of this tenant(?: \((\d+) to (\d+) s\))?/g)];
  const [startup, termination] = sources.map(([, typical, low, high]) => ({ low: Number(low ?? typical), high: Number(high ?? typical) }));
  if (startup === undefined || termination === undefined) {
    throw new Error(`the lab does not know how long this tenant's pods take: ${text}`);
  }
  const finished = async (startupSeconds: number, terminationSeconds: number) => {
    await open(`${pages()}/lab?replicas=3&startup=${startupSeconds}&grace=${terminationSeconds}`);
    const row = (await comparison(page)).find(([name]) => name?.startsWith(hop.name));
    const seconds = /^([\d.]+) s$/.exec(row?.at(-1) ?? "")?.[1];
    expect(seconds, `the lab foresees the end of ${hop.name}`).toBeDefined();
    return Number(seconds) * 1000;
  };
  return {
    from: await finished(startup.low - 1, termination.low),
    to: await finished(startup.high + 1, termination.high + 1),
  };
}

async function figure(page: Page, name: string): Promise<string> {
  return page.locator(".start-figures > div").filter({ hasText: name }).locator("dd").innerText();
}
