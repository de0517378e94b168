import { execFile } from "node:child_process";

import type { Page } from "@playwright/test";

import { BINARY, type Console } from "../tests/console.js";
import { hydrated } from "../tests/fixtures.js";
import { startButton } from "../tests/pages.js";
import { deployedRoles, userOf, type Rule } from "./accounts.js";
import { Cluster, NAMESPACE, tenantPath } from "./cluster.js";
import { expect, test } from "./fixtures.js";

const TENANTS = { apiGroups: ["kamaji.clastix.io"], resources: ["tenantcontrolplanes"] };
const WORKLOADS = { apiGroups: ["apps"], resources: ["deployments", "replicasets"] };
const CORE = { apiGroups: [""], resources: ["pods", "events"] };
const READ = ["get", "list", "watch"];

/** The tenant that all of them look at. */
const NAME = "rights";
const TENANT = `/tenants/${NAMESPACE}/${NAME}`;
const START = `${TENANT}/start?version=v1.28.4`;

/** How long a console may take to read the cluster and to be refused (ms). */
const TOLD_WITHIN = 10_000;

/** Everything that shows something: pages, and what the console says of itself. */
const PLACES = {
  fleet: "/",
  tenant: TENANT,
  lab: `${TENANT}/lab`,
  start: START,
  rollout: `${TENANT}/rollout`,
  health: "/readyz",
};

/** A page, or `console plan`. */
type Place = keyof typeof PLACES | "plan";

const EVERYWHERE: Place[] = ["fleet", "tenant", "lab", "start", "rollout", "health", "plan"];

/** What the lab says of the pull of an image then. */
const NODES_UNKNOWN = "not known: the nodes may not be read";

/**
 * Where the lack of one right is told; everywhere else all is as with it. Given as a piece of the sentence, in which `…` stands
 * for the API server's refusal.
 */
const LACKS: Record<string, Partial<Record<Place, string>>> = {
  "list tenantcontrolplanes": Object.fromEntries(EVERYWHERE.map((place) => [place, "…"])),
  // The command reads once, so a list is enough for it.
  "watch tenantcontrolplanes": Object.fromEntries(EVERYWHERE.filter((place) => place !== "plan").map((place) => [place, "…"])),
  "get tenantcontrolplanes": { start: "The management cluster refuses this: …", plan: "no plan for team-a/rights could be made: nothing was written, a permission is missing: …" },
  "patch tenantcontrolplanes": {
    // It is learnt by a dry run with an impossible version.
    tenant: "The highest version that this Kamaji accepts is not known (",
    ...both("Whether the change would be taken is not known: nothing was written, a permission is missing: …"),
  },
  "list deployments": {
    fleet: "The Deployment cannot be read: …",
    tenant: "The Deployment may not be read (…), so nothing can be said.",
    start: "The Deployment cannot be read: …",
    rollout: "The management cluster does not show conditions of the Deployment to the console: …",
    health: "Deployments may not be read: …",
    plan: "The Deployment cannot be read: …",
  },
  "watch deployments": {
    fleet: "The Deployment cannot be read: …",
    tenant: "The Deployment may not be read (…), so nothing can be said.",
    start: "The Deployment cannot be read: …",
    rollout: "The management cluster does not show conditions of the Deployment to the console: …",
    health: "Deployments may not be read: …",
  },
  "get deployments": both("The room on the nodes was not checked: the Deployment cannot be read: …"),
  "list replicasets": { rollout: "The management cluster does not show ReplicaSets to the console: …", health: "ReplicaSets may not be read: …" },
  "watch replicasets": { rollout: "The management cluster does not show ReplicaSets to the console: …", health: "ReplicaSets may not be read: …" },
  "list pods": {
    rollout: "The management cluster does not show pods to the console: …",
    health: "Pods may not be read: …",
    ...both("The room on the nodes was not checked: the pods of all namespaces cannot be read: …"),
  },
  "watch pods": {
    rollout: "The management cluster does not show pods to the console: …",
    health: "Pods may not be read: …",
  },
  "list events": { rollout: "The management cluster does not show events to the console: …", health: "Events may not be read: …" },
  "watch events": { rollout: "The management cluster does not show events to the console: …", health: "Events may not be read: …" },
  "list nodes": { lab: NODES_UNKNOWN, health: "Nodes may not be read: …", ...both("The room on the nodes was not checked: the nodes cannot be read: …") },
  "watch nodes": { lab: NODES_UNKNOWN, health: "Nodes may not be read: …" },
  "list namespaces": both("the labels of namespaces (…) could not be read"),
  "list resourcequotas": both("the quotas of the namespace (…) could not be read"),
  "list limitranges": both("the limit ranges of the namespace (…) could not be read"),
  "list pods.metrics.k8s.io": { plan: "What the pods use may not be read: …" },
  "get datastores": { plan: "…" },
  // Their kind is not installed here. The API server says so only to whoever may list it.
  "list upgradeplans": { health: "UpgradePlans may not be read: …" },
  "watch upgradeplans": {},
  "get upgradeplans": {},
  "create upgradeplans": {},
  "update upgradeplans": {},
  "delete upgradeplans": {},
  "patch upgradeplans/status": {},
  // Of a tenant that Cluster API owns; this one is not.
  "get kamajicontrolplanes": {},
  "get clusters": {},
  "list machinedeployments": {},
  "list machinesets": {},
  "list machinepools": {},
  "list machines": {},
  "get secrets": both("The tenant's own API was not asked: you may not read the Secret rights-admin-kubeconfig (…)."),
};

/** What the start page and the plan say alike. */
function both(sentence: string): Partial<Record<Place, string>> {
  return { start: sentence, plan: sentence };
}

// One after the other: all look at the same tenant, which is made once.
test.describe.configure({ mode: "default" });

test.beforeAll(async () => {
  const cluster = await Cluster.asAdministrator();
  // A worker that is started again after a failed journey finds it made.
  if ((await cluster.ask("GET", tenantPath(NAME))).status === 404) {
    await cluster.make(NAME, { replicas: 1, withoutApi: true });
  }
});

test("who may only read sees everything, and is refused in the API server's words", async ({ page, consoleOf }) => {
  const console = await consoleOf("reader", "cluster", [TENANTS, WORKLOADS, CORE].map((kind) => ({ ...kind, verbs: READ })));
  await console.ready();
  await page.goto(`${console.url}${START}`);
  await hydrated(page);
  await expect(page.getByRole("heading", { name: "v1.28.3 → v1.28.4 is a patch. Whether it could be started is not known" })).toBeVisible();
  const refusal = `User "${userOf("reader")}" cannot patch resource "tenantcontrolplanes"`;
  await expect(page.getByRole("region", { name: "What the management cluster says to it" })).toContainText(refusal);
  await expect(startButton(page)).toBeDisabled();
});

test("who may write tenants but not see their Deployments cannot start what nobody can follow", async ({ page, consoleOf, cluster }) => {
  const console = await consoleOf("blind", "cluster", [{ ...TENANTS, verbs: [...READ, "patch"] }]);
  await console.ready();
  await page.goto(`${console.url}${START}`);
  await hydrated(page);
  await expect(page.locator(".finding--blocks")).toContainText(["cannot list resource \"deployments\""]);
  await expect(startButton(page)).toBeDisabled();
  expect((await cluster.tenant(NAME)).spec.kubernetes.version).toBe("v1.28.3");
});

test("with rights in one namespace only, the missing right is named on the page", async ({ page, consoleOf, complaints }) => {
  complaints.expect(/Failed to load resource: the server responded with a status of (403|503)/);
  const console = await consoleOf("owner", { namespace: NAMESPACE }, [TENANTS, WORKLOADS, CORE].map((kind) => ({ ...kind, verbs: [...READ, "patch"] })));
  const refusal = `User "${userOf("owner")}" cannot list resource "tenantcontrolplanes" in API group "kamaji.clastix.io" at the cluster scope`;
  // Such a console never becomes ready; until it has been refused it says that it is starting.
  await expect(async () => {
    await page.goto(console.url);
    await expect(page.getByRole("main")).toContainText(refusal, { timeout: 500 });
  }).toPass();
});

test("the deployed rights suffice, and each one that is missing is told where its part is missing", async ({ page, cluster, consoleOf, complaints }, testInfo) => {
  complaints.expect(/Failed to load resource: the server responded with a status of (403|503)/);
  const rights = single((await deployedRoles(cluster)).flatMap((role) => role.rules));
  expect(rights.map(inWords).sort(), "the table is about the rights that are deployed").toEqual(Object.keys(LACKS).sort());

  const differing: string[] = [];
  for (const missing of [undefined, ...rights]) {
    const account = missing === undefined ? "whole" : `without-${inWords(missing).replaceAll(/[ \/]/g, "-")}`;
    const left = rights.filter((right) => right !== missing);
    const console = await consoleOf(account, "cluster", left);
    const expected = missing === undefined ? {} : LACKS[inWords(missing)]!;
    let found: string[] = [];
    // A refusal reaches the pages a moment after the first list.
    const asExpected = async () => {
      found = differences(await told(page, console, testInfo.outputPath(`${account}.kubeconfig`)), expected, missing, account);
      return found.length === 0;
    };
    await cluster.until(account, asExpected, TOLD_WITHIN).catch(() => differing.push(...found));
    await console.stop();
  }
  expect(differing).toEqual([]);
});

/** One rule for each pair of verb and resource. */
function single(rules: Rule[]): Rule[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => ({ apiGroups, resources: [resource], verbs: [verb] }))),
  );
}

function inWords({ apiGroups, verbs, resources }: Rule): string {
  const group = apiGroups[0] === "metrics.k8s.io" ? `.${apiGroups[0]}` : "";
  return `${verbs[0]} ${resources[0]}${group}`;
}

/** What each place says, as one line of text. */
async function told(page: Page, console: Console, kubeconfig: string): Promise<Record<Place, string>> {
  const texts = {} as Record<Place, string>;
  for (const [place, path] of Object.entries(PLACES)) {
    const html = await (await page.request.get(`${console.url}${path}`)).text();
    const shown = place === "health" ? (JSON.parse(html) as { remarks: string[] }).remarks.join(" ") : await textOf(page, html);
    texts[place as Place] = shown.replace(/\s+/g, " ");
  }
  const plan = ["plan", "--registry", "none", "--kubeconfig", kubeconfig, "-n", NAMESPACE, NAME, "--to", "v1.28.4"];
  texts.plan = await new Promise((resolve) => {
    // Its exit code says what the plan comes to, and is no failure of the command.
    execFile(BINARY, plan, (_, out, err) => resolve(`${out} ${err}`.replace(/\s+/g, " ")));
  });
  return texts;
}

/** What a person reads of a page, by the browser, without any of its scripts. */
function textOf(page: Page, html: string): Promise<string> {
  return page.evaluate((html) => {
    const { body } = new DOMParser().parseFromString(html, "text/html");
    body.querySelectorAll("script").forEach((script) => script.remove());
    return body.textContent;
  }, html);
}

/** Where it is not told as expected, and where something is told that should not be. */
function differences(texts: Record<Place, string>, expected: Partial<Record<Place, string>>, missing: Rule | undefined, account: string): string[] {
  const refusal = missing === undefined ? "" : `User "${userOf(account)}" cannot ${missing.verbs[0]} resource "${missing.resources[0]}"`;
  return EVERYWHERE.flatMap((place) => {
    const [text, sentence] = [texts[place], expected[place]];
    if (sentence === undefined) {
      const refused = /is forbidden|may not be read|could not be read/.exec(text);
      return refused === null ? [] : [`${account}: ${place} tells of a refusal: ${text.slice(Math.max(0, refused.index - 120), refused.index + 200)}`];
    }
    const [before, after] = sentence.split("…");
    const begin = text.indexOf(before!);
    const rest = text.slice(begin + before!.length);
    const good = begin >= 0 && (after === undefined || (rest.includes(refusal) && rest.includes(after, rest.indexOf(refusal))));
    return good ? [] : [`${account}: ${place} does not tell “${sentence}”: ${text.slice(0, 1500)}`];
  });
}
