// Measures the rollout model in a real browser: node bench/speed.mjs MODULE.js (`cargo xtask bench` builds it and runs this).
//
// Each figure is the best of several rounds, because a busy machine only ever makes a round slower.
import { readFile } from "node:fs/promises";

import { chromium } from "@playwright/test";

import { launchOptions } from "../chromium.mjs";

const ROUNDS = 12;
const ROUND_MS = 40;

const script = process.argv[2];
const wasm = await readFile(script.replace(/\.js$/, "_bg.wasm"));
const browser = await chromium.launch(launchOptions);
try {
  const page = await browser.newPage();
  // Answered here; the module's script wants an address.
  await page.route("http://127.0.0.1/", (route) => route.fulfill({ contentType: "text/html", body: "<title>Speed</title>" }));
  await page.goto("http://127.0.0.1/");
  await page.addScriptTag({ path: script });
  await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    await wasm_bindgen({ module_or_path: bytes });
  }, wasm.toString("base64"));

  /** Microseconds of one call. */
  const measured = (name, ...given) =>
    page.evaluate(
      ([name, given, rounds, round]) => {
        const work = (times) => wasm_bindgen[name](...given, times);
        let times = 1;
        let best = Infinity;
        for (let done = 0; done < rounds; ) {
          const begin = performance.now();
          work(times);
          const took = performance.now() - begin;
          if (took < round) {
            times *= 2;
            continue;
          }
          best = Math.min(best, took / times);
          done += 1;
        }
        return best * 1000;
      },
      [name, given, ROUNDS, ROUND_MS],
    );
  const shown = (text, micros) => console.log(`${text.padEnd(58)}${micros.toFixed(1).padStart(10)} µs`);

  for (const strategy of ["100%/0", "1/1", "recreate"]) {
    for (const replicas of [3, 12, 100]) {
      shown(`a rollout, ${strategy}, ${replicas} replicas`, await measured("rollouts", strategy, replicas));
    }
  }
  for (const replicas of [3, 12, 20]) {
    shown(`a comparison of the five strategies, ${replicas} replicas`, await measured("comparisons", replicas));
    shown(`a search over ${replicas * (replicas + 2)} strategies, ${replicas} replicas`, await measured("searches", replicas));
    shown(`a recommendation, ${replicas} replicas`, await measured("recommendations", replicas));
  }
} finally {
  await browser.close();
}
