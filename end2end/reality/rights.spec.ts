import { hydrated } from "../tests/fixtures.js";
import { startButton } from "../tests/pages.js";
import { userOf } from "./accounts.js";
import { Cluster, NAMESPACE, tenantPath } from "./cluster.js";
import { expect, test } from "./fixtures.js";

const TENANTS = { apiGroups: ["kamaji.clastix.io"], resources: ["tenantcontrolplanes"] };
const WORKLOADS = { apiGroups: ["apps"], resources: ["deployments", "replicasets"] };
const CORE = { apiGroups: [""], resources: ["pods", "events"] };
const READ = ["get", "list", "watch"];

/** The tenant that all of them look at. */
const NAME = "rights";
const START = `/tenants/${NAMESPACE}/${NAME}/start?version=v1.28.4`;

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
