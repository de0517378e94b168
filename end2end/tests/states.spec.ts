import { expect, expectNoSidewaysScroll, hydrated, live, test, type Page } from "./fixtures.js";
import { rolloutSentence } from "./pages.js";
import type { Sandbox } from "./sandbox.js";

const TENANT = "team-a/tenant-00";
const HOSTILE = "team-a-staging/x-a-tenant-whose-name-is-just-as-long-as-kubernetes-lets-it-be0";

interface State {
  name: string;
  path: string;
  /** The page answers with an error on purpose. */
  fails?: boolean;
  scenario?: string;
  /** Brings it about, before the page is opened. */
  before?: (sandbox: Sandbox) => Promise<void>;
  /** Brings it about on the open page. */
  then?: (page: Page, sandbox: Sandbox) => Promise<void>;
}

const upgrade = (version: string) => async (sandbox: Sandbox) => sandbox.change(TENANT, { spec: { kubernetes: { version } } });

const STATES: State[] = [
  { name: "fleet", path: "/" },
  { name: "fleet, searched in vain", path: "/?q=nothing-like-this" },
  { name: "fleet without a tenant", path: "/", scenario: "empty" },
  { name: "tenant, ready", path: `/tenants/${TENANT}` },
  { name: "tenant, newest already", path: "/tenants/team-a/payments" },
  { name: "tenant, blocked", path: "/tenants/team-a-staging/archive" },
  { name: "tenant, hostile", path: `/tenants/${HOSTILE}` },
  { name: "tenant, unreadable", path: "/tenants/team-a-staging/malformed" },
  { name: "tenant, never reconciled", path: "/tenants/team-a-staging/no-status" },
  { name: "tenant, unknown", path: "/tenants/team-a/nobody", fails: true },
  { name: "no such page", path: "/nowhere", fails: true },
  {
    name: "lab, with its tables open",
    path: "/lab",
    then: async (page) => {
      for (const summary of await page.getByText("Show as table").all()) {
        await summary.click();
      }
    },
  },
  { name: "lab of a tenant", path: `/tenants/${TENANT}/lab` },
  { name: "start, ready", path: `/tenants/${TENANT}/start?version=v1.36.4` },
  { name: "start, refused", path: `/tenants/${TENANT}/start?version=v1.37.0` },
  { name: "start, unreadable", path: `/tenants/${TENANT}/start?version=latest` },
  { name: "rollout, idle", path: `/tenants/${TENANT}/rollout` },
  {
    name: "rollout, running",
    path: `/tenants/${TENANT}/rollout`,
    before: upgrade("v1.36.4"),
    then: async (page, sandbox) => {
      await live(page);
      await sandbox.advanceUntil("a new API server serves", async () => (await sandbox.serving(TENANT)).includes("v1.36.4"));
      await expect(rolloutSentence(page)).toContainText("new API servers serve v1.36.4");
    },
  },
  {
    name: "rollout, stuck",
    path: "/tenants/team-a/ledger/rollout",
    before: async (sandbox) => {
      await sandbox.change("team-a/ledger", { spec: { kubernetes: { version: "v1.36.2" } } });
      await sandbox.advance(660);
    },
    then: async (page) => {
      await expect(page.getByRole("heading", { name: "What keeps it" })).toBeVisible();
    },
  },
  {
    name: "rollout, finished",
    path: `/tenants/${TENANT}/rollout`,
    before: upgrade("v1.36.4"),
    then: async (page, sandbox) => {
      await live(page);
      await sandbox.advanceUntil("finished", () => sandbox.finished(TENANT, "v1.36.4"));
      await expect(rolloutSentence(page)).toContainText("no older pod is left");
    },
  },
  { name: "rollout, sleeping", path: "/tenants/team-a/night-batch/rollout" },
];

for (const { name, path, fails, scenario, before, then } of STATES) {
  test.describe(() => {
    test.use({ scenario: scenario ?? "default" });

    test(`everybody can read it, light, dark and narrow: ${name}`, async ({ page, complaints, sandbox, accessible }) => {
      if (fails === true) {
        complaints.expect(/Failed to load resource: the server responded with a status of 404/);
      }
      await before?.(sandbox);
      await page.goto(path);
      await hydrated(page);
      await then?.(page, sandbox);
      await expectNoSidewaysScroll(page);
      await accessible();
      await page.emulateMedia({ colorScheme: "dark" });
      await accessible();
      await page.setViewportSize({ width: 390, height: 844 });
      await expectNoSidewaysScroll(page);
      await accessible();
      await page.emulateMedia({ colorScheme: "light" });
      await accessible();
      await expect(page, "no text of an object ran as a script").not.toHaveTitle("owned");
    });
  });
}
