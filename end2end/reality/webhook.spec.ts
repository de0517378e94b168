import { startButton } from "../tests/pages.js";
import { Cluster, NAMESPACE, tenantPath, words } from "./cluster.js";
import { expect, test } from "./fixtures.js";
import type { KubernetesObject } from "./objects.js";

interface Webhooks extends KubernetesObject {
  webhooks: { name: string; clientConfig: { url: string } }[];
}

const VALIDATING = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/kamaji-validating";

/** Nobody listens there: to the API server it is as if Kamaji's manager were down. */
const NOBODY = "https://127.0.0.1:1";

/** A tenant that is only looked at. */
const NAME = "webhooks";
const START = `/tenants/${NAMESPACE}/${NAME}/start?version=v1.28.4`;

let configured: Webhooks;

test.beforeAll(async () => {
  const cluster = await Cluster.asAdministrator();
  if ((await cluster.ask("GET", tenantPath(NAME))).status === 404) {
    await cluster.make(NAME, { replicas: 1, withoutApi: true });
  }
  configured = await cluster.must<Webhooks>("GET", VALIDATING);
});

test.afterEach(async () => {
  const cluster = await Cluster.asAdministrator();
  await configure(cluster, configured.webhooks);
  await says(cluster, "greater than the supported one");
});

test("without Kamaji's webhook its highest version is unknown, and it is taken for the newest, which is said", async ({ page, open, cluster }) => {
  await configure(cluster, []);
  await says(cluster, "");
  await open(START);
  await expect(page.getByRole("main")).toContainText("a dry run with v1.999.0 was accepted: Kamaji's webhook is not in force");
  await expect(page.getByRole("main")).toContainText("it is taken for the newest Kamaji");
});

test("with Kamaji's manager down nothing can be judged, and nothing can be started", async ({ page, open, cluster }) => {
  const down = configured.webhooks.map((webhook) => ({ ...webhook, clientConfig: { ...webhook.clientConfig, url: NOBODY } }));
  await configure(cluster, down);
  await says(cluster, "failed calling webhook");
  await open(START);
  const answer = page.getByRole("region", { name: "What the management cluster says to it" });
  await expect(answer).toContainText("Whether the change would be taken is not known");
  await expect(answer).toContainText("is Kamaji's manager running?");
  await expect(startButton(page)).toBeDisabled();
  await expect(page.getByText("The management cluster did not judge the change, so nothing can be started.")).toBeVisible();
  expect((await cluster.tenant(NAME)).spec.kubernetes.version).toBe("v1.28.3");
});

async function configure(cluster: Cluster, webhooks: object[]): Promise<void> {
  await cluster.must("PATCH", VALIDATING, { webhooks }, "application/merge-patch+json");
}

/** Waits until the API server goes by the new configuration. */
async function says(cluster: Cluster, text: string): Promise<void> {
  await cluster.until(`the answer to an impossible version says "${text}"`, async () => {
    const answer = await cluster.dryRun(NAME, { spec: { kubernetes: { version: "v1.999.0" } } });
    return text === "" ? answer.status < 300 : words(answer).includes(text);
  });
}
