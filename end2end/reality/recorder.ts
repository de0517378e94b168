import { createInterface } from "node:readline";
import type { IncomingMessage } from "node:http";

import { podSelector, podsPath, serves, versionOf, type Cluster } from "./cluster.js";
import type { Pod } from "./objects.js";

/** One event of the pods' watch, with the moment it came (ms since 1970). */
interface Recorded {
  at: number;
  type: string;
  pod: Pod;
}

/** What a recording comes to, for one side of a comparison with a film. */
export interface Figures {
  /** Most pod objects at once, terminating ones included. */
  peak: number;
  /** Fewest pods that served at once. */
  floor: number;
  /** Pods that were made. */
  made: number;
}

/** Watches the pods of one tenant beside the console, over a connection of its own. */
export class Recorder {
  private readonly events: Recorded[] = [];
  private readonly before = new Map<string, Pod>();

  private constructor(private readonly stream: IncomingMessage) {}

  static async start(cluster: Cluster, tenant: string): Promise<Recorder> {
    const path = `${podsPath()}?labelSelector=${podSelector(tenant)}`;
    const list = await cluster.must<{ metadata: { resourceVersion: string }; items: Pod[] }>("GET", path);
    const stream = await cluster.open("GET", `${path}&watch=1&resourceVersion=${list.metadata.resourceVersion}`);
    const recorder = new Recorder(stream);
    for (const pod of list.items) {
      recorder.before.set(pod.metadata.uid, pod);
    }
    createInterface({ input: stream }).on("line", (line) => {
      const { type, object } = JSON.parse(line) as { type: string; object: Pod };
      recorder.events.push({ at: Date.now(), type, pod: object });
    });
    return recorder;
  }

  stop(): void {
    this.stream.destroy();
  }

  figures(): Figures {
    const pods = new Map(this.before);
    let made = 0;
    let peak = pods.size;
    let floor = [...pods.values()].filter(serves).length;
    for (const { type, pod } of this.events) {
      if (type === "DELETED") {
        pods.delete(pod.metadata.uid);
      } else {
        made += pods.has(pod.metadata.uid) ? 0 : 1;
        pods.set(pod.metadata.uid, pod);
      }
      peak = Math.max(peak, pods.size);
      floor = Math.min(floor, [...pods.values()].filter(serves).length);
    }
    return { peak, floor, made };
  }

  /**
   * From the first pod of a version until there are as many pods as before, all of that version and serving, and no other (ms);
   * `undefined` if it has not come to that.
   */
  replacedWithin(version: string): number | undefined {
    const first = this.events.find(({ pod }) => versionOf(pod) === version);
    const pods = new Map(this.before);
    let done: number | undefined;
    for (const { at, type, pod } of this.events) {
      if (type === "DELETED") {
        pods.delete(pod.metadata.uid);
      } else {
        pods.set(pod.metadata.uid, pod);
      }
      const all = [...pods.values()];
      const replaced = all.length === this.before.size && all.every((one) => versionOf(one) === version && serves(one));
      done = replaced ? (done ?? at) : undefined;
    }
    return first === undefined || done === undefined ? undefined : done - first.at;
  }
}
