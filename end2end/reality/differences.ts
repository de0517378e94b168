/** A kind of difference between the sandbox and the real API server, and why it cannot matter. */
interface Reason {
  why: string;
  /** The lines that it explains. */
  lines: RegExp;
}

/** `only real` and the field, of any request and also within a watch. */
function field(side: "real" | "sandbox", pattern: string): RegExp {
  return new RegExp(`: only ${side}: (ADDED )?(\\.items\\[\\])?${pattern}`);
}

export const REASONS: Reason[] = [
  {
    why: "managedFields: the sandbox notes only writes from outside, where journeys look for them",
    lines: field("real", String.raw`\.metadata\.managedFields`),
  },
  {
    why: "volumes, mounts and the pod fields that admission fills in: its pods mount nothing and run nothing",
    lines: field("real", String.raw`\.spec\.(template\.spec\.)?(volumes|enableServiceLinks|preemptionPolicy|priority|containers\[\]\.(volumeMounts|terminationMessage))`),
  },
  {
    why: "nodes: nobody reads a kubelet's addresses, machine and heartbeats",
    lines: field("real", String.raw`\.status\.(addresses|daemonEndpoints|phase|nodeInfo|conditions\[\]\.(last|message))`),
  },
  {
    why: "images on nodes: kubelets list them, and there are none on the real cluster",
    lines: field("sandbox", String.raw`\.status\.images`),
  },
  {
    why: "the real Kamaji is v1.0.0, the sandbox a current one: fields that came or went between them",
    lines: new RegExp(
      [
        field("real", String.raw`\.(spec\.(kubernetes\.admissionControllers|networkProfile\.dnsServiceIPs)|status\.(addons\.konnectivity|kubeadmPhase|kubernetesResources\.service))`),
        field("sandbox", String.raw`\.(spec\.networkProfile\.clusterDomain|status\.(observedGeneration|addons\.|kubernetesResources\.deployment\.terminatingReplicas))`),
      ]
        .map(({ source }) => source)
        .join("|"),
    ),
  },
  {
    why: "the real Kamaji is v1.0.0, the sandbox a current one: its words, which a recording of a current one proves",
    lines: /^(an impossible version|an older minor|a version that is taken away|a version that is a number|replicas that are words): /,
  },
  {
    why: "annotations by which the reality cluster paces its pods",
    lines: field("real", String.raw`\.(metadata\.annotations|spec\.controlPlane\.deployment\.podAdditionalMetadata)`),
  },
  {
    why: "conditions of pods: what KWOK writes in the place of a kubelet says a reason more, and not for which generation",
    lines: /^list pods: only (real: \.items\[\]\.status\.conditions\[\]\.reason|sandbox: \.items\[\]\.status\.conditions\[\]\.observedGeneration): /,
  },
  {
    why: "the moment of a SelfSubjectReview, which is no object",
    lines: /^who is a stranger: only real: \.metadata\.creationTimestamp: /,
  },
  {
    why: "words of a refusal, with the same status and reason, of what no client here sends: half a body, another form, a token of its own",
    lines:
      /^(a page of nothing known|by labels that cannot be read|half an object|a list|a text|a patch in an unknown form|a replacement with another uid): only (real|sandbox): \.message = /,
  },
  {
    why: "an object posted to another object's address: the real one reads the body first, and nobody sends it",
    lines: /^a method that is not there: /,
  },
];

/** How many lines each reason explains, each line by the first that does, and those that none explains. */
export function explained(lines: string[]): { by: number[]; unexplained: string[] } {
  const by = REASONS.map(() => 0);
  const unexplained: string[] = [];
  for (const line of lines) {
    const place = REASONS.findIndex((reason) => reason.lines.test(line));
    if (place < 0) {
      unexplained.push(line);
    } else {
      by[place]! += 1;
    }
  }
  return { by, unexplained };
}
