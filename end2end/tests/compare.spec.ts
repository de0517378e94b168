import { expect, hydrated, test } from "./fixtures.js";
import { comparison } from "./pages.js";

const LAB = "/tenants/team-a/tenant-00/lab";

test("strategies are compared, and the link shows another person the same", async ({ page, open, visitor }) => {
  await open(LAB);
  const before = await comparison(page);
  expect(before.map(([strategy]) => strategy)).toEqual([
    expect.stringMatching(/^Blue\/Green/),
    expect.stringMatching(/^Rolling/),
    expect.stringMatching(/^Surge only/),
    expect.stringMatching(/^In place/),
    expect.stringMatching(/^Recreate/),
  ]);

  await page.getByRole("radio", { name: /^Rolling/ }).check();
  await expect(page).toHaveURL(/strategy=1%2F1/);
  await page.getByLabel("Termination", { exact: true }).fill("60");
  await page.getByLabel("Termination", { exact: true }).press("Enter");
  await expect(page).toHaveURL(/grace=60/);
  await page.getByLabel("Replicas", { exact: true }).fill("5");
  await page.getByLabel("Replicas", { exact: true }).blur();
  await expect(page).toHaveURL(/replicas=5/);
  const after = await comparison(page);
  expect(after).not.toEqual(before);
  const verdict = await page.getByRole("status").filter({ hasText: "Rolling" }).innerText();

  const other = await visitor();
  await other.goto(page.url());
  await hydrated(other);
  expect(await comparison(other)).toEqual(after);
  await expect(other.getByRole("radio", { name: /^Rolling/ })).toBeChecked();
  await expect(other.getByText(verdict)).toBeVisible();

  const plain = await visitor({ javaScriptEnabled: false });
  await plain.goto(page.url());
  expect(await comparison(plain), "the server renders the same").toEqual(after);
  await expect(plain.getByText(verdict)).toBeVisible();
});

test("the lab leads to the start page with the strategy that was chosen", async ({ page, open }) => {
  await open(LAB);
  await page.getByRole("radio", { name: /^Surge only/ }).check();
  await page.getByRole("link", { name: /Check and start with Surge only/ }).click();
  await expect(page).toHaveURL("/tenants/team-a/tenant-00/start?version=v1.36.4&strategy=1%2F0");
  await expect(page.getByRole("radio", { name: /^Surge only/ })).toBeChecked();
});

test("the lab works without any cluster", async ({ page, open }) => {
  await open("/lab");
  await expect(page.getByRole("heading", { level: 1, name: "Strategy lab" })).toBeVisible();
  const before = await comparison(page);
  await page.getByLabel("Own surge", { exact: true }).fill("50%");
  await page.getByLabel("Own surge", { exact: true }).press("Enter");
  await expect(page).toHaveURL(/custom=50%25\/0/);
  expect(await comparison(page)).toHaveLength(before.length + 1);
});

test("what people do not expect of a strategy is said", async ({ page, open }) => {
  await open("/lab?replicas=3&startup=20&grace=30");
  await expect(page.getByText(/Blue\/Green is not a switch/).first()).toBeVisible();
  await open("/lab?replicas=1&startup=20&grace=30&strategy=1%2F1");
  await expect(page.getByText(/outage/).first()).toBeVisible();
});

test("a part of a link that cannot be read is named and left out", async ({ page, open }) => {
  await open("/lab?replicas=many&startup=20&grace=30&strategy=sometimes");
  await expect(page.getByText(/`replicas` is `many`/)).toBeVisible();
  await expect(page.getByRole("alert")).toContainText("sometimes");
  await expect(page.getByRole("region", { name: "Strategies compared" })).toBeVisible();
});

test("one cursor moves through all films, by keyboard too", async ({ page, open }) => {
  await open("/lab");
  await page.getByLabel("Moment", { exact: true }).focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(page.locator(".chart__reading").first()).toHaveText(/^At 2 s: 3 serving/);
  const readings = await page.locator(".chart__reading").allTextContents();
  expect(readings.every((reading) => reading.startsWith("At 2 s:"))).toBeTruthy();
});

test("the steps of the chosen strategy are walked through by key, each with its reason", async ({ page, open }) => {
  await open("/lab?replicas=3&startup=20&grace=30&strategy=1%2F1");
  const next = page.getByRole("button", { name: "Next step" });
  const back = page.getByRole("button", { name: "Step back" });
  await expect(back).toHaveAttribute("aria-disabled", "true");
  await next.focus();
  await page.keyboard.press("Enter");
  const first = "0 s: 3 wanted in all, at most 4 allowed: 1 new pod may start; 3 available, at least 2 needed: 1 old pod";
  await expect(page.getByText(first)).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByText("20 s: 4 available, at least 2 needed: 2 old pods may go")).toBeVisible();
  await expect(page.locator(".chart__reading").first()).toHaveText(/^At 20 s:/);
  await expect(next, "the last one").toHaveAttribute("aria-disabled", "true");
  await back.press("Enter");
  await expect(page.locator(".chart__reading").first()).toHaveText(/^At 0 s:/);
  await page.getByText("Each step and its reason").click();
  const steps = page.getByRole("listitem").filter({ hasText: "old pods may go" });
  await expect(steps).toHaveText(/old 2 → 0/);
});
