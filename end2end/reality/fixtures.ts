import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { expect, test as base } from "@playwright/test";

import { Console } from "../tests/console.js";
import { Complaints, hydrated, type Open } from "../tests/fixtures.js";
import { accountWith, deployed, type Rule, type Scope } from "./accounts.js";
import { Cluster } from "./cluster.js";

export { expect };
export type { Open };

interface Fixtures {
  cluster: Cluster;
  console: Console;
  complaints: Complaints;
  open: Open;
  /** The name of a tenant of this journey. Its second try must make another: the first one's stays. */
  named: (name: string) => string;
  /** A console that acts as a new ServiceAccount with these rights. */
  consoleOf: (account: string, where: Scope, rules: Rule[]) => Promise<Console>;
}

interface WorkerFixtures {
  /** A kubeconfig with the rights of `deploy/rbac.yaml`: no journey has more. */
  kubeconfig: string;
}

/** Each journey has a console of its own; all share the cluster, and none touches a tenant of another. */
export const test = base.extend<Fixtures, WorkerFixtures>({
  kubeconfig: [
    async ({}, use, { project, workerIndex }) => {
      const file = join(project.outputDir, `console-${workerIndex}.kubeconfig`);
      await write(file, await deployed(await Cluster.asAdministrator()));
      await use(file);
    },
    { scope: "worker" },
  ],

  cluster: async ({}, use) => use(await Cluster.asAdministrator()),

  console: async ({ kubeconfig }, use, testInfo) => {
    const console = await Console.serve(["--kubeconfig", kubeconfig]);
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

  named: async ({}, use, { retry }) => use((name) => (retry === 0 ? name : `${name}-again`)),

  consoleOf: async ({ cluster }, use, testInfo) => {
    const consoles: Console[] = [];
    await use(async (account, where, rules) => {
      const file = testInfo.outputPath(`${account}.kubeconfig`);
      await write(file, await accountWith(cluster, account, where, rules));
      const console = await Console.serve(["--kubeconfig", file]);
      consoles.push(console);
      return console;
    });
    for (const console of consoles) {
      await console.stop();
    }
  },
});

async function write(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}
