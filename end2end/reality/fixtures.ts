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
  /** A console that acts as a ServiceAccount with these rights in the tenants' namespace. */
  consoleOf: (account: string, rules: object[]) => Promise<Console>;
}

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
    await use(async (account, rules) => {
      const file = testInfo.outputPath(`${account}.kubeconfig`);
      await writeFile(file, cluster.kubeconfigFor(account, await tokenOf(cluster, account, rules)));
      const console = await Console.serve(["--kubeconfig", file]);
      consoles.push(console);
      return console;
    });
    for (const console of consoles) {
      await console.stop();
    }
  },
});

/** Makes a ServiceAccount with a Role of these rules, and a token for it. */
async function tokenOf(cluster: Cluster, account: string, rules: object[]): Promise<string> {
  const metadata = { name: account, namespace: NAMESPACE };
  const role = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}`;
  await cluster.must("POST", `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, { metadata });
  await cluster.must("POST", `${role}/roles`, { metadata, rules });
  await cluster.must("POST", `${role}/rolebindings`, {
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: account },
    subjects: [{ kind: "ServiceAccount", name: account, namespace: NAMESPACE }],
  });
  const request = { spec: { expirationSeconds: 3600 } };
  const answer = await cluster.must<{ status: { token: string } }>(
    "POST",
    `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${account}/token`,
    request,
  );
  return answer.status.token;
}
