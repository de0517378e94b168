import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";

import { NAMESPACE, type Answer, type Cluster } from "./cluster.js";

/** A tenant's own API server, as its administrator: with the kubeconfig that Kamaji has written. */
export class TenantApi {
  private constructor(
    private readonly server: URL,
    private readonly agent: Agent,
  ) {}

  static async of(cluster: Cluster, tenant: string): Promise<TenantApi> {
    const secret = await cluster.must<{ data: Record<string, string> }>("GET", `/api/v1/namespaces/${NAMESPACE}/secrets/${tenant}-admin-kubeconfig`);
    const config = decoded(secret.data["admin.conf"] ?? "");
    const field = (name: string) => {
      const value = new RegExp(`^[ -]*${name}: (.*)$`, "m").exec(config)?.[1];
      if (value === undefined) {
        throw new Error(`the kubeconfig of ${tenant} has no ${name}`);
      }
      return value.replaceAll(/^"|"$/g, "");
    };
    const agent = new Agent({
      ca: decoded(field("certificate-authority-data")),
      cert: decoded(field("client-certificate-data")),
      key: decoded(field("client-key-data")),
      keepAlive: true,
    });
    const api = new TenantApi(new URL(field("server")), agent);
    // Kamaji gives them in a reconciliation, and waits long for the next where the API server was not there for the first.
    let looked = 0;
    await cluster.until("Kamaji has given the tenant's administrator their rights", async () => {
      if ((await api.ask("GET", "/api/v1/nodes")).status === 200) {
        return true;
      }
      if (Date.now() - looked > 3_000) {
        looked = Date.now();
        await cluster.change(tenant, { metadata: { annotations: { "reality/look-again": String(looked) } } });
      }
      return false;
    });
    return api;
  }

  /** A worker that reports this kubelet, ready and schedulable. */
  async join(name: string, kubelet: string): Promise<void> {
    await this.must("POST", "/api/v1/nodes", {
      metadata: { name },
      status: {
        conditions: [{ type: "Ready", status: "True", reason: "KubeletReady" }],
        nodeInfo: { kubeletVersion: kubelet, osImage: "Ubuntu 24.04.3 LTS", containerRuntimeVersion: "containerd://2.1.4" },
      },
    });
  }

  /** The node closes for new pods, or opens. */
  async cordon(name: string, closed: boolean): Promise<void> {
    await this.must("PATCH", `/api/v1/nodes/${name}`, { spec: { unschedulable: closed } });
  }

  /** The node reports another kubelet. */
  async report(name: string, kubelet: string): Promise<void> {
    await this.must("PATCH", `/api/v1/nodes/${name}/status`, { status: { nodeInfo: { kubeletVersion: kubelet } } });
  }

  private async must(method: string, path: string, body: object): Promise<void> {
    const answer = await this.ask(method, path, body);
    if (answer.status >= 300) {
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
  }

  private async ask(method: string, path: string, body?: object): Promise<Answer> {
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const headers = { Accept: "application/json", "Content-Type": type };
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(new URL(path, this.server), { method, headers, agent: this.agent }, resolve);
      sent.once("error", reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
    const parts: Buffer[] = [];
    for await (const part of message) {
      parts.push(part as Buffer);
    }
    return { status: message.statusCode ?? 0, body: JSON.parse(Buffer.concat(parts).toString("utf8")) as unknown };
  }
}

function decoded(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}
