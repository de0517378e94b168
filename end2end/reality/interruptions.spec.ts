import type { BrowserContext, Page } from "@playwright/test";

import { Console } from "../tests/console.js";
import { hydrated, live } from "../tests/fixtures.js";
import { chooseStrategy, rolloutSentence, startButton } from "../tests/pages.js";
import { writesTo } from "./audit.js";
import { NAMESPACE, tenantPath, type Cluster } from "./cluster.js";
import { expect, test } from "./fixtures.js";

const FROM = "v1.28.3";
const TO = "v1.28.4";

/** How long etcd is away (ms): longer than any request of the console may take. */
const OUTAGE_MS = 20_000;

/** How long it may take until all watches have found back: the console's and controllers' own pauses lie in between (ms). */
const BACK_WITHIN = 60_000;

/** Tenants whose pods of the new version do not get ready until they are released: the rollout stands in its middle. */
const HELD = { spec: { controlPlane: { deployment: { podAdditionalMetadata: { annotations: { "reality/broken": TO } } } } } };

test("two people at two consoles start at once: one write, and both follow it to its end", async ({ page, browser, console, kubeconfig, cluster, complaints, named }) => {
  complaints.expect(/Failed to load resource: the server responded with a status of 409/);
  complaints.expect(/net::ERR_FAILED .*\/live\//);
  const name = named("two-consoles");
  await cluster.make(name);
  const before = await cluster.tenant(name);
  const second = await Console.serve(["--kubeconfig", kubeconfig]);
  const context = await browser.newContext();
  try {
    await second.ready();
    const other = await context.newPage();
    await startTogether(name, [[page, console], [other, second]]);
    for (const person of [page, other]) {
      await person.unroute("**/live/**");
      await person.goto(`${person === page ? console.url : second.url}${rolloutOf(name)}`);
      await expect(rolloutSentence(person)).toHaveText(`${TO} is installed and serves, and no older pod is left.`, { timeout: 90_000 });
    }
    await expectOneWrite(cluster, name, before.metadata.generation);
  } finally {
    await context.close();
    await second.stop();
  }
  await cluster.silence(name);
});

test("a console that is killed in the middle of a rollout: the open page goes on with the next one", async ({ page, open, console, kubeconfig, cluster, complaints, named }) => {
  complaints.expect(/net::ERR_CONNECTION_REFUSED|net::ERR_INCOMPLETE_CHUNKED_ENCODING|status of 503/);
  const name = named("console-killed");
  await cluster.make(name, { patch: HELD });
  const before = await cluster.tenant(name);
  await open(startOf(name));
  await startAndStand(page, cluster, name);

  await console.kill();
  await expect(page.locator(".live-line")).toHaveText(/^connection lost, trying again; last update/);
  await expect(rolloutSentence(page), "what was last seen stays").toContainText(`0 of 3 new API servers serve ${TO}`);
  const next = await Console.serve(["--kubeconfig", kubeconfig, "--listen", new URL(console.url).host]);
  try {
    await live(page);
    await cluster.release(name);
    await finishes(page, cluster, name);
    await expect(page.getByText("its beginning was not observed")).toBeVisible();
  } finally {
    await next.stop();
  }
  await expectOneWrite(cluster, name, before.metadata.generation);
  await cluster.silence(name);
});

test("the API server is restarted in the middle of a rollout: the page says that it is old, and goes on", async ({ page, open, cluster, named }) => {
  const name = named("api-restarted");
  await cluster.make(name, { patch: HELD });
  const before = await cluster.tenant(name);
  await open(startOf(name));
  await startAndStand(page, cluster, name);

  const restarted = cluster.restart("kube-apiserver");
  const old = page.getByText("This may be out of date");
  await expect(old).toBeVisible();
  await expect(rolloutSentence(page), "what was last seen stays").toContainText(`0 of 3 new API servers serve ${TO}`);
  await restarted;
  await expect(old).toHaveCount(0, { timeout: BACK_WITHIN });
  await cluster.release(name);
  await finishes(page, cluster, name);
  await expectOneWrite(cluster, name, before.metadata.generation);
  await cluster.silence(name);
});

test("etcd stands still for 20 s: a start during it writes nothing and says so, a rollout goes on after it", async ({ page, open, baseURL, browser, cluster, complaints, named }) => {
  complaints.expect(/Failed to load resource: the server responded with a status of 50/);
  const [rolling, waiting] = [named("etcd-rolling"), named("etcd-start")];
  await cluster.make(rolling, { patch: HELD });
  await cluster.make(waiting, { replicas: 1 });
  const before = await Promise.all([rolling, waiting].map((name) => cluster.tenant(name)));
  await open(startOf(rolling));
  await startAndStand(page, cluster, rolling);
  const context = await browser.newContext({ baseURL: baseURL! });
  const other = await openStart(context, waiting);

  await cluster.pause("etcd");
  const backAt = Date.now() + OUTAGE_MS;
  try {
    await startButton(other).click();
    const alert = other.getByRole("alert").filter({ hasText: "The management cluster does not answer" });
    await expect(alert).toBeVisible({ timeout: OUTAGE_MS });
    expect(await writesTo(waiting)).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, backAt - Date.now()));
  } finally {
    await cluster.resume("etcd");
  }
  await cluster.until("the API server reads again", async () => (await cluster.ask("GET", tenantPath(waiting))).status === 200);

  await startButton(other).click();
  await expect(other).toHaveURL(rolloutOf(waiting));
  await cluster.release(rolling);
  await finishes(page, cluster, rolling);
  await finishes(other, cluster, waiting);
  await expectOneWrite(cluster, rolling, before[0]!.metadata.generation);
  await expectOneWrite(cluster, waiting, before[1]!.metadata.generation);
  await context.close();
  await cluster.silence(rolling);
  await cluster.silence(waiting);
});

test("watches that the API server no longer knows: the page goes on with what is true now", async ({ page, open, console, cluster, named }) => {
  const name = named("watch-expired");
  await cluster.make(name, { replicas: 1, withoutApi: true });
  await open(`/tenants/${NAMESPACE}/${name}`);
  await live(page);
  const tenants = tenantPath(name).slice(0, -name.length - 1);
  const { metadata } = await cluster.must<{ metadata: { resourceVersion: string } }>("GET", tenants);

  // The console sleeps, as a laptop does, while the API server ends its watches and forgets what was before it started.
  console.pause();
  try {
    await cluster.change(name, { spec: { controlPlane: { deployment: { strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } } } } });
    await cluster.restart("kube-apiserver");
    await cluster.until("the API server no longer goes back to that version", async () => {
      const answer = await cluster.open("GET", `${tenants}?watch=1&timeoutSeconds=1&resourceVersion=${metadata.resourceVersion}`);
      const parts: Buffer[] = [];
      for await (const part of answer) {
        parts.push(part as Buffer);
      }
      return Buffer.concat(parts).toString("utf8").includes('"reason":"Expired"');
    });
  } finally {
    console.resume();
  }
  await expect(page.getByRole("main")).toContainText(/\b3\/2\b/, { timeout: BACK_WITHIN });
  expect(console.lines, "it was told so by the real API server").toMatch(/watch lost: too old resource version: \d+ \(\d+\).*TenantControlPlane/);
  await expect(page.getByText("This may be out of date")).toHaveCount(0, { timeout: BACK_WITHIN });
});

function startOf(name: string): string {
  return `/tenants/${NAMESPACE}/${name}/start?version=${TO}`;
}

function rolloutOf(name: string): string {
  return `/tenants/${NAMESPACE}/${name}/rollout`;
}

async function openStart(context: BrowserContext, name: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(startOf(name));
  await hydrated(page);
  await live(page);
  return page;
}

/** Presses start on all pages, each at its console, and lets the requests go only when all have been sent. */
async function startTogether(name: string, people: [Page, Console][]): Promise<void> {
  let sent = 0;
  let release: () => void = () => undefined;
  const all = new Promise<void>((resolve) => (release = resolve));
  for (const [person, console] of people) {
    // No page hears of the other before the API server decides.
    await person.route("**/live/**", (route) => route.abort());
    await person.route("**/api/start_hop*", async (route) => {
      sent += 1;
      if (sent === people.length) {
        release();
      }
      await all;
      await route.continue();
    });
    await person.goto(`${console.url}${startOf(name)}`);
    await hydrated(person);
  }
  const answers = Promise.all(people.map(([person]) => person.waitForResponse(/\/api\/start_hop/)));
  await Promise.all(people.map(([person]) => startButton(person).click()));
  expect((await answers).map((answer) => answer.status()).sort()).toEqual([200, 409]);
}

/** Starts on an open start page, and waits until the rollout stands in its middle. */
async function startAndStand(page: Page, cluster: Cluster, name: string): Promise<void> {
  await chooseStrategy(page, "100%/0");
  await startButton(page).click();
  await expect(page).toHaveURL(rolloutOf(name));
  await live(page);
  await cluster.until("all pods of the new version are there", async () => (await cluster.pods(name)).length === 6);
  await expect(rolloutSentence(page)).toContainText(`0 of 3 new API servers serve ${TO}`);
}

/** The page says so by itself: nobody has loaded it again. */
async function finishes(page: Page, cluster: Cluster, name: string): Promise<void> {
  await cluster.until("the hop is finished", () => cluster.finished(name, TO), 150_000);
  await expect(rolloutSentence(page)).toHaveText(`${TO} is installed and serves, and no older pod is left.`, { timeout: BACK_WITHIN });
}

/** One patch was taken, the spec changed once, and the Deployment's template once. */
async function expectOneWrite(cluster: Cluster, name: string, generation: number): Promise<void> {
  expect(await writesTo(name), "what the API server took from consoles").toHaveLength(1);
  const [tenant, deployment] = await Promise.all([cluster.tenant(name), cluster.deployment(name)]);
  expect(tenant.spec.kubernetes.version).toBe(TO);
  expect(tenant.metadata.generation).toBe(generation + 1);
  expect(deployment.metadata.annotations?.["deployment.kubernetes.io/revision"], `from ${FROM}, revision 1`).toBe("2");
}
