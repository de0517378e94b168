import { readFile } from "node:fs/promises";

import { fromEnvironment, tenantPath } from "./cluster.js";

/** A request of a console, as the API server noted it. */
export interface Noted {
  /** Who asked. */
  user: string;
  verb: string;
  /** Path and query. */
  target: string;
  /** HTTP status. */
  code: number;
}

interface AuditEvent {
  stage: "ResponseStarted" | "ResponseComplete" | "Panic";
  verb: string;
  requestURI: string;
  user: { username: string };
  responseStatus?: { code: number };
}

/** All requests of consoles so far. A watch counts from its beginning, anything else when it was answered. */
export async function requests(): Promise<Noted[]> {
  const lines = (await readFile(fromEnvironment("AUDIT_LOG"), "utf8")).split("\n");
  // The last line may be half written.
  const events = lines.slice(0, -1).map((line) => JSON.parse(line) as AuditEvent);
  return events
    .filter(({ stage, verb }) => stage === (verb === "watch" ? "ResponseStarted" : "ResponseComplete"))
    .map(({ verb, requestURI, user, responseStatus }) => ({
      user: user.username,
      verb,
      target: requestURI,
      code: responseStatus?.code ?? 0,
    }));
}

/** What of it wrote to a tenant: patches that were no dry runs and were taken. */
export async function writesTo(tenant: string): Promise<Noted[]> {
  return (await requests()).filter(
    ({ verb, target, code }) => verb === "patch" && target.startsWith(`${tenantPath(tenant)}?`) && !target.includes("dryRun=All") && code < 300,
  );
}
