import { readFile } from "node:fs/promises";

import { expect, expectNoSidewaysScroll, hydrated, test, type Page } from "./fixtures.js";
import { comparison } from "./pages.js";

const THREE = "/lab?replicas=3&startup=20&grace=30";

/** What each film says of the moment that all of them show. */
async function readings(page: Page): Promise<string[]> {
  return page.locator(".chart__reading").allTextContents();
}

async function downloaded(page: Page, link: string): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: link, exact: true }).click()]);
  return readFile(await download.path(), "utf8");
}

test("pointing at a film and walking into it with the keyboard give the same", async ({ page, open, accessible }) => {
  await open(`${THREE}&strategy=1%2F1`);
  const film = page.getByRole("slider", { name: "Moment, Rolling 1/1" });
  await film.focus();
  expect(new Set((await readings(page)).map((reading) => reading.slice(0, 7)))).toEqual(new Set(["At 0 s:"]));
  for (let second = 0; second < 20; second += 1) {
    await page.keyboard.press("ArrowRight");
  }
  const byKey = await readings(page);
  expect(byKey[0]).toMatch(/^At 20 s: .*; 6 alive$/);
  await expect(film).toHaveAttribute("aria-valuetext", byKey[0] ?? "");
  await page.keyboard.press("Escape");
  expect(await readings(page)).toEqual(byKey.map(() => ""));

  const box = await film.boundingBox();
  const end = Number(await film.getAttribute("aria-valuemax"));
  // Whoever points elsewhere leaves it.
  await page.getByRole("heading", { level: 1 }).click();
  await film.hover({ position: { x: ((box?.width ?? 0) * 20) / end, y: 20 } });
  expect(await readings(page)).toEqual(byKey);
  await page.getByRole("heading", { level: 1 }).hover();
  expect(await readings(page), "nobody points any more").toEqual(byKey.map(() => ""));
  await accessible();
});

test("a rollout is played, paused and stepped by key", async ({ page, open }) => {
  await page.clock.install({ time: 0 });
  await open(`${THREE}&strategy=1%2F1`);
  await page.clock.pauseAt(3_600_000);
  const film = page.getByRole("slider", { name: "Moment, Rolling 1/1" });
  await film.focus();
  await page.keyboard.press("Space");
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  await page.clock.runFor(2_000);
  const paused = await film.getAttribute("aria-valuenow");
  expect(Number(paused)).toBeGreaterThan(10);
  await page.keyboard.press("Space");
  await expect(page.getByRole("button", { name: "Play" })).toBeVisible();
  await page.clock.runFor(2_000);
  await expect(film, "it stands").toHaveAttribute("aria-valuenow", paused ?? "");

  await page.keyboard.press("Home");
  await page.keyboard.press(".");
  await expect(film).toHaveAttribute("aria-valuenow", "20");
  await expect(page.getByText("20 s: 4 available, at least 2 needed: 2 old pods may go").first()).toBeVisible();
  await page.keyboard.press(",");
  await expect(film).toHaveAttribute("aria-valuenow", "0");

  await page.keyboard.press("Space");
  await page.clock.runFor(10_000);
  await expect(page.getByRole("button", { name: "Play" }), "it ends at the end").toBeVisible();
  await expect(film).toHaveAttribute("aria-valuenow", (await film.getAttribute("aria-valuemax")) ?? "");
});

test("who wants no motion sees one step after the other", async ({ page, open }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.clock.install({ time: 0 });
  await open(`${THREE}&strategy=1%2F0`);
  await page.clock.pauseAt(3_600_000);
  const film = page.getByRole("slider", { name: "Moment, Surge only 1/0" });
  await page.getByRole("button", { name: "Play" }).click();
  const seen: (string | null)[] = [];
  for (let step = 0; step < 3; step += 1) {
    await page.clock.runFor(1_500);
    seen.push(await film.getAttribute("aria-valuenow"));
  }
  expect(seen).toEqual(["20", "40", "60"]);
});

test("two candidates stand side by side, by link and without scripts too", async ({ page, open, visitor, accessible }) => {
  await open(THREE);
  await page.getByRole("button", { name: "Put Recreate beside" }).click();
  await expect(page).toHaveURL(/beside=recreate/);
  const widths = await page.locator(".lab__chosen, .lab__beside").evaluateAll((films) => films.map((film) => film.clientWidth));
  expect(widths).toHaveLength(2);
  expect(widths[0]).toBe(widths[1]);
  await expect(page.getByText("No API server for 50 s")).toBeVisible();
  // Both walk together.
  await page.getByRole("button", { name: "Next step" }).click();
  await expect(page.getByText("Blue/Green, 0 s: 3 wanted in all, at most 6 allowed: 3 new pods may start.")).toBeVisible();
  await expect(page.getByText("Recreate, 0 s: Recreate: 3 old pods go before a new one starts.")).toBeVisible();
  await accessible();

  const plain = await visitor({ javaScriptEnabled: false });
  await plain.goto(page.url());
  await expect(plain.locator(".lab__beside").getByText("Recreate", { exact: true })).toBeVisible();
  await plain.getByRole("button", { name: "Put In place 0/1 beside" }).click();
  await expect(plain).toHaveURL(/beside=0%2F1/);
  await expect(plain.locator(".lab__beside").getByText("In place 0/1", { exact: true })).toBeVisible();
  await plain.getByRole("button", { name: "Make it small again" }).click();
  await expect(plain.locator(".lab__beside")).toHaveCount(0);
});

test("a strategy is searched for within limits of one's own, and taken", async ({ page, open, visitor, accessible }) => {
  await open("/lab?replicas=5&startup=20&grace=10");
  await expect(page.getByRole("region", { name: "Recommended" })).toContainText("All 5 API servers keep serving. Of 35 strategies");
  await page.getByText("Search with limits of your own").click();
  await page.getByLabel("Pods alive at most").fill("9");
  await page.getByLabel("Serving at least").fill("3");
  await page.getByLabel("Serving at least").press("Enter");
  await expect(page).toHaveURL(/objects=9/);
  const found = page.getByRole("region", { name: "Recommended" }).getByRole("listitem");
  await expect(found.first()).toContainText(/finished after .*, [5-9] pods alive, at least [345] serving/);
  const own = found.filter({ hasText: /^Custom/ }).first();
  const numbers = (await own.locator("strong").innerText()).replace("Custom ", "");
  await own.getByRole("button").click();
  await expect(page).toHaveURL(new RegExp(`strategy=${encodeURIComponent(numbers)}`));
  expect(await comparison(page), "it has a row of its own").toHaveLength(6);
  await accessible();

  const plain = await visitor({ javaScriptEnabled: false });
  await plain.goto(page.url());
  await expect(plain.getByRole("radio", { name: new RegExp(`^Custom ${numbers.replace("/", " / ")}`) })).toBeChecked();
  await plain.getByLabel("Pods alive at most").fill("5");
  await plain.getByRole("button", { name: "Search" }).click();
  await expect(plain.getByText("None of 35 strategies keeps that.")).toBeVisible();
  await plain.getByRole("button", { name: "Choose Blue/Green" }).click();
  await expect(plain.getByRole("radio", { name: /^Blue\/Green/ })).toBeChecked();
});

test("what happens if the new pods never become ready", async ({ page, open, accessible }) => {
  await open(`${THREE}&strategy=0%2F1`);
  await page.getByText("What if: quota, room").click();
  await page.getByLabel("The new pods").selectOption("never become ready");
  await expect(page).toHaveURL(/new=never-ready/);
  await expect(
    page.getByRole("heading", { name: "In place never finishes: 2 of 3 API servers go on serving, with no more pods than today." }),
  ).toBeVisible();
  await expect(page.getByText("Ways out: mend what keeps the pods").first()).toBeVisible();
  await page.getByLabel("Pod quota").fill("4");
  await page.getByLabel("The new pods").selectOption("become ready");
  await page.getByRole("radio", { name: /^Blue\/Green/ }).check();
  await expect(page.getByText("A quota of 4 pods lets it make fewer than the 6 it uses").first()).toBeVisible();
  await accessible();
});

test("the comparison is taken away as a table, a text and a picture", async ({ page, open }) => {
  await open(`${THREE}&strategy=1%2F1&quota=5`);
  const verdict = await page.getByRole("status").filter({ hasText: "Rolling" }).innerText();
  const text = await downloaded(page, "Markdown");
  expect(text).toContain(`**${verdict}**`);
  const back = /\]\((http:[^)]+)\)/.exec(text)?.[1] ?? "";
  const table = await downloaded(page, "CSV");
  expect(table.split("\r\n")[0]).toMatch(/^strategy,from_ms,serving_old/);
  expect(table).toContain("\r\n1/1,0,2,0,");
  const picture = await downloaded(page, "SVG");
  expect(picture).toContain(verdict);
  // The browser draws it by itself.
  const before = await comparison(page);
  await page.goto(`data:image/svg+xml;base64,${Buffer.from(picture).toString("base64")}`);
  await expect(page.locator(".chart__cell").first()).toBeVisible();
  const colour = await page.locator(".chart__cell.pod--ready").first().evaluate((cell) => getComputedStyle(cell).fill);
  expect(colour, "with the console's colours").toMatch(/^rgb\((?!0, 0, 0)/);
  await page.goto(back);
  await hydrated(page);
  expect(await comparison(page), "the link leads back").toEqual(before);
});

for (const [name, query] of [
  ["plain", ""],
  ["pair", "&beside=recreate"],
  ["stuck", "&new=never-ready"],
  ["short", "&quota=5&room=4&serving=2"],
] as const) {
  test(`the lab in its states, for people to look at: ${name}`, async ({ page, open, accessible }, testInfo) => {
    await open(`/lab?replicas=3&startup=20,23,27&grace=30&gracelow=21&gracehigh=31${query}`);
    for (const [width, colorScheme] of [[1280, "light"], [1280, "dark"], [390, "light"], [390, "dark"]] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.screenshot({ path: testInfo.outputPath(`${name}-${width}-${colorScheme}.png`), fullPage: true });
      await expectNoSidewaysScroll(page);
      await accessible();
    }
    await page.emulateMedia({ media: "print" });
    await page.screenshot({ path: testInfo.outputPath(`${name}-print.png`), fullPage: true });
  });
}
