/** A request as both API servers get it. */
export interface Asked {
  /** What it is, in the list of differences. */
  what: string;
  method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  path: string;
  /** Sent as JSON, or as it is. */
  body?: object | string;
  contentType?: string;
  /** Who asks; an administrator if nobody is named. */
  as?: string;
}

/** An answer as it came. */
export interface Came {
  status: number;
  type: string;
  text: string;
}

/** What both worlds call differently: each name is replaced by what it stands for. */
export type Names = Record<string, string>;

/**
 * An answer as a set of facts that can be compared: the status, the form, and of an object which fields it has and of what kind
 * they are; of a refusal every word.
 */
export function facts({ status, type, text }: Came, names: Names): Set<string> {
  const found = new Set([`status ${status}`, `type ${type.split(";")[0]}`]);
  if (!type.startsWith("application/json")) {
    found.add(`text ${named(text, names)}`);
    return found;
  }
  // A watch is one object a line.
  const documents = text.startsWith('{"type":') ? text.split("\n") : [text];
  for (const document of documents.filter((document) => document.trim() !== "")) {
    describe(JSON.parse(document) as Json, names, found);
  }
  return found;
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

function describe(value: Json, names: Names, found: Set<string>): void {
  if (isObject(value) && value["kind"] === "Status") {
    words(value, "", names, found);
  } else if (isObject(value) && typeof value["type"] === "string" && isObject(value["object"])) {
    found.add(`event ${value["type"]}`);
    const inner = new Set<string>();
    describe(value["object"], names, inner);
    inner.forEach((fact) => found.add(`${value["type"]} ${fact}`));
  } else {
    if (isObject(value) && Array.isArray(value["items"])) {
      found.add(`items ${value["items"].length === 0 ? "none" : "some"}`);
      found.add(`order ${isSorted(value["items"]) ? "by namespace and name" : "another"}`);
    }
    shape(value, "", names, found);
  }
}

/** Every field with its value: a refusal is read by people and by rules. */
function words(value: Json, path: string, names: Names, found: Set<string>): void {
  if (isObject(value)) {
    Object.entries(value).forEach(([name, inner]) => words(inner, `${path}.${name}`, names, found));
  } else if (Array.isArray(value)) {
    value.forEach((inner) => words(inner, `${path}[]`, names, found));
  } else {
    found.add(`${path} = ${named(String(value), names)}`);
  }
}

/** Every field with the kind of its value. What a map's keys are called is not part of it. */
function shape(value: Json, path: string, names: Names, found: Set<string>): void {
  if (isObject(value)) {
    for (const [name, inner] of Object.entries(value)) {
      const key = MAPS.test(path) ? "*" : name;
      shape(inner, `${path}.${key}`, names, found);
    }
  } else if (Array.isArray(value)) {
    value.forEach((inner) => shape(inner, `${path}[]`, names, found));
  } else {
    const told = TOLD.test(path) ? ` = ${named(String(value), names)}` : `: ${value === null ? "null" : typeof value}`;
    found.add(`${path}${told}`);
  }
}

/** Objects whose keys are data. */
const MAPS = /\.(labels|annotations|matchLabels|fieldsV1|capacity|allocatable|requests|limits|hard|used|nodeSelector|checksums?|data)$/;

/** Values that must be the same, not only of the same kind. */
const TOLD = /^\.(kind|apiVersion|status\.allowed)$|\.items\[\]\.(kind|apiVersion)$/;

function isObject(value: Json | undefined): value is { [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSorted(items: Json[]): boolean {
  const keys = items.map((item) => {
    const metadata = isObject(item) && isObject(item["metadata"]) ? item["metadata"] : {};
    return `${String(metadata["namespace"] ?? "")}/${String(metadata["name"] ?? "")}`;
  });
  return keys.every((key, index) => index === 0 || keys[index - 1]! <= key);
}

/** A text without what is different in each run: names, ids, moments, counters. */
function named(text: string, names: Names): string {
  const replaced = Object.entries(names).reduce((text, [name, role]) => text.replaceAll(name, `<${role}>`), text);
  return replaced
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<uid>")
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "<moment>")
    .replaceAll(/resource version: \d+ \(\d+\)/g, "resource version: <n> (<n>)");
}
