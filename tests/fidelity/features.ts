/** What the embedded cluster supports, simulates and leaves out, for the report. */

export interface Feature {
  readonly part: string;
  readonly is: 'supported' | 'simulated' | 'absent';
  readonly what: string;
}

const supported = (part: string, what: string): Feature => ({ part, is: 'supported', what });
const simulated = (part: string, what: string): Feature => ({ part, is: 'simulated', what });
const absent = (part: string, what: string): Feature => ({ part, is: 'absent', what });

export const FEATURES: readonly Feature[] = [
  supported(
    'clients',
    'HTTPS on loopback; tokens (administrator’s, ServiceAccounts’), client certificates, impersonation; JSON and YAML both ways, protobuf requests (answers are always JSON); discovery, whole and aggregated; OpenAPI v3 with hashed addresses, v2 definitions with ETags',
  ),
  supported(
    'reading',
    'label and field selectors, pages of one snapshot and, when that has expired, of the present; exact and not-older revisions, Tables, metadata only; watches with bookmarks, initial events and 410',
  ),
  supported(
    'writing',
    'JSON, merge and strategic merge patch, apply with managedFields and conflicts; dry run, field validation with warnings (unknown fields, keys that stand twice), preconditions, finalizers, propagation, generateName',
  ),
  supported(
    'custom resources',
    'structural schemas, pruning, defaults (later ones too), CEL with `oldSelf`, several versions that differ in `apiVersion` or are converted by a webhook, status and scale, printer columns, selectable fields',
  ),
  supported(
    'admission',
    'mutating and validating webhooks by URL or Service: rules, selectors, match conditions, equivalent versions, failure policies, time limits, dry run, warnings; connections (attach, exec, port-forward) as CONNECT',
  ),
  supported(
    'RBAC',
    'Roles and bindings, enforced; whoever needs one more verb than its role has notices here first',
  ),
  supported(
    'Deployment, ReplicaSet, ReplicationController',
    'rolling update by maxSurge and maxUnavailable, Recreate, pause, scale (in proportion during a move), history and `rollout undo`, progress deadline, conditions as `rollout status` expects; adoption and release, deletion order as upstream, minReadySeconds, `ReplicaFailure`',
  ),
  supported(
    'StatefulSet, DaemonSet',
    'ordered or parallel, rolling update with partition, OnDelete, stable names and host names, without volume claims and ControllerRevisions; a DaemonSet’s one Pod',
  ),
  supported(
    'Job, CronJob',
    'completions, parallelism, index, back-off limit, deadlines, TTL, suspend (a Pod that succeeded and was deleted by hand is run again); schedules with time zones, concurrency policy, history limits, missed times',
  ),
  supported(
    'HorizontalPodAutoscaler v2',
    'Resource and ContainerResource metrics, 10 % tolerance, stabilisation (300 s down), behaviour policies, any kind with a scale subresource',
  ),
  supported(
    'Services',
    'EndpointSlices; names over DNS and in `dns.lookup`; cluster addresses proxied over TCP to ready endpoints in turn (ports below 1024 only as root)',
  ),
  supported(
    'namespaces',
    '`default` ServiceAccount, `kube-root-ca.crt`; deletion of Pods first, then everything else, with finalizers and conditions',
  ),
  supported(
    'garbage',
    'background, foreground (with blockOwnerDeletion, circles broken), orphan; uid-checked; every kind, custom ones too',
  ),
  supported(
    'Pods',
    'init containers, sidecars, several containers, env from everywhere, `$(VAR)`, envFrom, hooks (exec, httpGet, sleep), startup/readiness/liveness probes (httpGet, tcpSocket, exec), restart policies, CrashLoopBackOff, grace periods, activeDeadlineSeconds, readiness gates, events, logs (`-f`, `--tail`, `--previous`, `--since`, `--timestamps`), exec (`-i`, `-t`) and port-forward over SPDY, eviction within disruption budgets, metrics (`kubectl top`)',
  ),
  simulated(
    'node',
    'one, this machine, with heartbeat and Lease; scheduling looks at selectors, cordons and gates only',
  ),
  simulated('images', 'entries of a table that name local commands; nothing is pulled'),
  simulated(
    'containers',
    'processes of this machine, which see its files, users and processes; `securityContext`, limits and read-only roots are accepted and ignored, requests are not counted; memory and processor are measured',
  ),
  simulated(
    'volumes',
    'folders named by `SHOPMIND_VOLUME_<NAME>`, since there is no mount namespace: Secret, ConfigMap, projected, downward, emptyDir, hostPath; written when the Pod starts and not refreshed',
  ),
  simulated(
    'Pod network',
    'a loopback address for each Pod on Linux, one for all elsewhere; no network policies, UDP, node ports or IPv6',
  ),
  simulated(
    'kept, not acted on',
    'quotas and limit ranges, network policies, persistent volumes and claims, CertificateSigningRequests, storage and runtime classes, CSI objects; APIServices are local ones only',
  ),
  absent('other API servers', 'aggregation; an APIService that names a Service is refused'),
  absent(
    'admission policies',
    'ValidatingAdmissionPolicy and its mutating sibling; a webhook can do the same',
  ),
  absent('fairness and quotas', 'priority and fairness, counting of ResourceQuotas: there is one user'),
  absent(
    'storage migration, audit',
    'one small log is rewritten when it must be; what is written by whom stands at `/metrics`',
  ),
  absent('CEL budgets', 'rules are not refused or cut off for what they cost'),
  absent(
    'Pods',
    'attach, exec and port-forward over WebSocket (kubectl falls back to SPDY), ephemeral containers, gRPC probes, affinity, taints and priority, pod failure policies, per-index back-off',
  ),
];
