/**
 * Which of Kubernetes's own tests judge the embedded cluster, and why the others do not.
 */

/** The tests among which is chosen, as a regular expression of Go. */
export const CANDIDATES = String.raw`\[sig-api-machinery\]`;

/** Tests beyond conformance that say something about what is promised here. */
const FURTHER: readonly RegExp[] = [
  /\] ServerSideApply /,
  /\] CustomResourceValidationRules /,
  /\] CRDValidationRatcheting /,
  /\] API Streaming \(aka\. WatchList\) /,
  /\] Generated clientset /,
  /\] OpenAPIV3 should (round trip|publish) /,
  /\] Servers with support for Table transformation /,
  /\] Garbage collector /,
  /\] Discovery /,
  /\] Server request timeout /,
  /\] client-go should negotiate .*"application\/json"/,
  /\] Namespaces \[Serial\] should delete fast enough/,
];

/** What a laptop does not need, and therefore is not there. */
export const ABSENT: readonly { readonly tests: RegExp; readonly why: string }[] = [
  { tests: /\] ResourceQuota /, why: 'quotas are kept and not counted: a laptop has one owner' },
  { tests: /API priority and fairness/, why: 'one developer has nobody to be fair to' },
  {
    tests: /\] ValidatingAdmissionPolicy /,
    why: 'policies in CEL are not evaluated; validating webhooks are asked',
  },
  { tests: /\] Aggregator /, why: 'other API servers are not aggregated' },
];

/**
 * Tests beyond conformance that are run and are known to fail, by name, each with the reason. Whatever else fails is a regression;
 * whatever of these passes has to leave the list.
 */
export const KNOWN_TO_FAIL: Readonly<Record<string, string>> = {
  '[sig-api-machinery] CustomResourceValidationRules [Privileged:ClusterAdmin] MUST fail create of a custom resource definition that contains an x-kubernetes-validations rule that exceeds the estimated cost limit':
    'the cost of CEL rules is not estimated',
  '[sig-api-machinery] CustomResourceValidationRules [Privileged:ClusterAdmin] MUST fail create of a custom resource that exceeds the runtime cost limit for x-kubernetes-validations rule execution':
    'the cost of CEL rules is not counted',
  "[sig-api-machinery] API Streaming (aka. WatchList) [FeatureGate:WatchList] [Beta] [Serial] should NOT be requested by metadata client's List method when WatchListClient is enabled":
    'it compares lists as protobuf gives them; answers here are JSON',
  '[sig-api-machinery] API Streaming (aka. WatchList) [FeatureGate:WatchList] [Beta] [Serial] should be requested by metadatainformer when WatchListClient is enabled':
    'it compares lists as protobuf gives them; answers here are JSON',
};

/** Why a test is not run; undefined for one that is. */
export const whyNotRun = (name: string): string | undefined =>
  ABSENT.find(({ tests }) => tests.test(name))?.why;

/** Whether Kubernetes asks it of every cluster that calls itself conformant. */
export const isConformance = (name: string): boolean => name.endsWith('[Conformance]');

export const isFurther = (name: string): boolean =>
  !isConformance(name) && FURTHER.some((tests) => tests.test(name));

/** Webhooks listen on all addresses of their Pod, which here are those of the machine: two of a kind need the same port. */
export function sharedPort(name: string): string | undefined {
  if (name.includes('AdmissionWebhook')) return 'admission webhook';
  return /ConversionWebhook|FieldSelectors/.test(name) ? 'conversion webhook' : undefined;
}
