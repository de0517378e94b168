import { expect, test } from "./fixtures.js";

test.describe("what the tenant's own API tells", () => {
  test.use({ scenario: "workers" });

  test("a client that uses a removed API is found and explained before the hop, and again when asked", async ({ page, open, accessible }) => {
    await open("/tenants/team-a/legacy/start?version=v1.32.13");
    const checks = page.getByRole("region", { name: "What the management cluster says to it" });
    const found = checks.getByRole("listitem").filter({ hasText: "flowcontrol.apiserver.k8s.io/v1beta3" });
    await expect(found).toContainText("Somebody uses flowcontrol.apiserver.k8s.io/v1beta3 flowschemas, which 1.32 no longer serves.");
    await expect(found, "who it was").toContainText("old-operator wrote batch-jobs on 2026-11-20 06:30:00 UTC");
    await expect(found.getByRole("link"), "where the rule stands").toHaveAttribute("href", /^https:\/\/kubernetes\.io\//);
    await accessible();
    await checks.getByRole("link", { name: "Check again" }).click();
    await expect(found).toBeVisible();
    await expect(checks).toContainText("read 24 Nov 2026");

    await open("/tenants/team-a/legacy/plan?version=v1.32.13");
    await expect(page.getByRole("region", { name: "What speaks for and against it" })).toContainText("Somebody uses flowcontrol.apiserver.k8s.io/v1beta3");
  });

  test("each thing that fails while the control plane is well is told with what to do", async ({ page, open }) => {
    await open("/tenants/team-a/troubled/plan?version=v1.36.4");
    const findings = page.getByRole("region", { name: "What speaks for and against it" });
    for (const sentence of [
      "Node worker-3 is not ready.",
      "The validating webhook policies.example.com of policies fails: the Service policies/policies has no ready endpoint.",
      "The conversion webhook widgets.example.com fails: the Service widgets/converter does not exist.",
      "The aggregated API v1beta1.metrics.k8s.io is not available (MissingEndpoints).",
      "The PodDisruptionBudget shop/web allows no disruption now: a drain would wait for it.",
    ]) {
      await expect(findings).toContainText(sentence);
    }
    await open("/tenants/team-a/pinned/plan?version=v1.36.4");
    await expect(findings).toContainText("The version of CoreDNS stays at v1.11.3, which the TenantControlPlane gives it.");
  });

  test("an API that hangs hides nothing else", async ({ page, open }) => {
    await open("/tenants/team-a/hanging/plan?version=v1.36.4");
    const findings = page.getByRole("region", { name: "What speaks for and against it" });
    await expect(findings).toContainText("no answer within 5 s", { timeout: 20_000 });
    await expect(findings).toContainText("The API server and Kamaji would take this change.");
  });
});

test("a version that no registry has is told before its pods wait for it", async ({ page, open }) => {
  await open("/tenants/team-a/tenant-00/plan?version=v1.36.99");
  const findings = page.getByRole("region", { name: "What speaks for and against it" });
  await expect(findings).toContainText("The registry says that there is no registry.k8s.io/kube-apiserver:v1.36.99.");
  await expect(findings).toContainText("else new pods never start");
  await open("/tenants/team-a/tenant-00/plan?version=v1.36.4");
  await expect(findings).toContainText("The registry has registry.k8s.io/kube-apiserver:v1.36.4.");
});
