import { expect, test } from "./fixtures.js";
import { startButton } from "./pages.js";

const TENANT = "team-a/tenant-00";

const REFUSED = [
  { what: "more than one minor", tenant: "team-a/tenant-00", version: "v1.37.0", reason: "v1.37.0 is above v1.36, the highest version that this Kamaji accepts." },
  { what: "a minor that is left out", tenant: "team-a/tenant-00", version: "v1.37.1", reason: "From 1.35 to 1.37 is more than one minor; Kamaji takes one at a time." },
  { what: "an older minor", tenant: "team-a/tenant-00", version: "v1.34.9", reason: "v1.34.9 is older than v1.35.6; Kamaji refuses it." },
  { what: "the version it has", tenant: "team-a/tenant-00", version: "v1.35.6", reason: "v1.35.6 is already the wanted version." },
  { what: "anything while it is paused", tenant: "team-a-staging/black-friday", version: "v1.36.4", reason: "It is paused: Kamaji would take the version and apply nothing." },
  { what: "anything while writes are limited", tenant: "team-a-staging/archive", version: "v1.36.4", reason: /Its writes are limited \(creation, update\)/ },
  { what: "what Cluster API owns", tenant: "team-a-staging/capi-prod", version: "v1.36.4", reason: "Cluster API writes this object, through KamajiControlPlane capi-prod." },
];

for (const { what, tenant, version, reason } of REFUSED) {
  test(`refused with its reason: ${what}`, async ({ page, open, sandbox }) => {
    const before = await sandbox.tenant(tenant);
    await open(`/tenants/${tenant}/start?version=${version}`);
    await expect(page.getByRole("heading", { name: `${version} cannot be started` })).toBeVisible();
    await expect(page.getByRole("listitem").filter({ hasText: "Blocks" }).getByText(reason)).toBeVisible();
    await expect(startButton(page)).toBeDisabled();
    await expect(page.getByText("The findings above block it.")).toBeVisible();
    expect((await sandbox.tenant(tenant)).metadata).toEqual(before.metadata);
  });
}

test("Kamaji's own words stand beside ours", async ({ page, open }) => {
  await open(`/tenants/${TENANT}/start?version=v1.37.0`);
  const dryRun = page.getByRole("region", { name: "What the management cluster says to it" });
  await expect(dryRun.getByText(/unable to upgrade to a version greater than the supported one/)).toBeVisible();
});

const UNREADABLE = [
  { what: "a version without the v", query: "version=1.36.4", says: /1\.36\.4/ },
  { what: "a version that is none", query: "version=latest%3Cb%3E", says: /latest/ },
  { what: "a strategy that is none", query: "version=v1.36.4&strategy=Canary", says: /Canary/ },
  { what: "a strategy that never moves", query: "version=v1.36.4&strategy=0%2F0", says: /0\/0|both|zero/i },
];

for (const { what, query, says } of UNREADABLE) {
  test(`malformed in the address: ${what}`, async ({ page, open, sandbox }) => {
    await open(`/tenants/${TENANT}/start?${query}`);
    const alert = page.getByRole("alert").filter({ hasText: "This cannot be read" });
    await expect(alert).toContainText(says);
    await expect(startButton(page)).toHaveCount(0);
    expect(await sandbox.written()).toEqual([]);
  });
}

test("a hop that is smuggled past the page is refused by the console itself", async ({ page, open, sandbox, complaints }) => {
  complaints.expect(/Failed to load resource: the server responded with a status of 422/);
  await open(`/tenants/${TENANT}/start?version=v1.36.4`);
  const refusal = await page.evaluate(async () => {
    const form = document.querySelector<HTMLFormElement>('form[action*="start_hop"]');
    const fields = new URLSearchParams();
    for (const [key, value] of new FormData(form ?? undefined)) {
      fields.set(key, String(value));
    }
    fields.set("version", "v1.37.1");
    fields.set("kubelets_checked", "yes");
    fields.set("typed_name", "tenant-00");
    const response = await fetch(form?.action ?? "", { method: "POST", body: fields });
    return { status: response.status, text: await response.text() };
  });
  expect(refusal.status).toBe(422);
  expect(refusal.text).toContain("more than one minor");
  expect(await sandbox.written()).toEqual([]);
});
