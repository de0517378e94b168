import { writeFile } from "node:fs/promises";

import { expect, test as base } from "@playwright/test";

import { Console } from "../tests/console.js";
import { Complaints, hydrated, type Open } from "../tests/fixtures.js";
import { Cluster, KUBECONFIG, NAMESPACE } from "./cluster.js";

export { expect };
export type { Open };

interface Fixtures {
  cluster: Cluster;
  console: Console;
  complaints: Complaints;
  open: Open;
  /** A console that acts as a new ServiceAccount with these rights. */
  consoleOf: (account: string, where: Scope, rules: object[]) => Promise<Console>;
}

/** Where rights hold: in the tenants' namespace, or in all. */
export type Scope = "namespace" | "cluster";

/** Each journey has a console of its own; all share the cluster, and none touches a tenant of another. */
export const test = base.extend<Fixtures>({
  cluster: async ({}, use) => use(await Cluster.asAdministrator()),

  console: async ({}, use, testInfo) => {
    const console = await Console.serve(["--kubeconfig", KUBECONFIG]);
    await console.ready();
    await use(console);
    await console.stop();
    if (testInfo.status !== testInfo.expectedStatus) {
      await testInfo.attach("console.log", { body: console.lines, contentType: "text/plain" });
    }
  },

  baseURL: async ({ console }, use) => use(console.url),

  complaints: [
    async ({ page, javaScriptEnabled }, use) => {
      const complaints = new Complaints();
      await complaints.watch(page, javaScriptEnabled);
      await use(complaints);
      expect(complaints.unexpected(), "nothing is wrong in the console, the scripts and the content policy").toEqual([]);
    },
    { auto: true },
  ],

  open: async ({ page, javaScriptEnabled }, use) => {
    await use(async (path) => {
      await page.goto(path);
      if (javaScriptEnabled !== false) {
        await hydrated(page);
      }
    });
  },

  consoleOf: async ({ cluster }, use, testInfo) => {
    const consoles: Console[] = [];
    await use(async (account, where, rules) => {
      const file = testInfo.outputPath(`${account}.kubeconfig`);
      await writeFile(file, cluster.kubeconfigFor(account, await tokenOf(cluster, account, where, rules)));
      const console = await Console.serve(["--kubeconfig", file]);
      consoles.push(console);
      return console;
    });
    for (const console of consoles) {
      await console.stop();
    }
  },
});

/** Makes a ServiceAccount with these rights, and a token for it. */
async function tokenOf(cluster: Cluster, account: string, where: Scope, rules: object[]): Promise<string> {
  const accounts = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`;
  const [rights, prefix] =
    where === "cluster"
      ? ["/apis/rbac.authorization.k8s.io/v1", "cluster"]
      : [`/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}`, ""];
  const metadata = { name: account };
  await cluster.must("POST", accounts, { metadata });
  await cluster.must("POST", `${rights}/${prefix}roles`, { metadata, rules });
  await cluster.must("POST", `${rights}/${prefix}rolebindings`, {
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: where === "cluster" ? "ClusterRole" : "Role", name: account },
    subjects: [{ kind: "ServiceAccount", name: account, namespace: NAMESPACE }],
  });
  const spec = { expirationSeconds: 3600 };
  const answer = await cluster.must<{ status: { token: string } }>("POST", `${accounts}/${account}/token`, { spec });
  return answer.status.token;
}
