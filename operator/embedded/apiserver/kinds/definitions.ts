/** The rules of CustomResourceDefinitions. */
import { forbidden, invalid, required } from '../../schema/cause.ts';
import { defaultDefinition, isEstablished, validateDefinition } from '../../schema/definition.ts';
import type { Cause } from '../errors.ts';
import { at, fields, items, text, type JsonObject, type KubeObject } from '../objects.ts';
import { nameCauses } from '../registry/metadata.ts';
import type { KindRules } from '../rules.ts';
import { bundleCauses, clientCauses, defaultClient } from '../webhooks/configuration.ts';

export const DEFINITION_RULES: KindRules = {
  setDefaults(crd) {
    defaultDefinition(crd);
    defaultClient(at(crd, 'spec', 'conversion', 'webhook', 'clientConfig'));
  },
  prepareUpdate(crd, old, part) {
    // Objects may from now on be stored in this version, whoever remembers to say so.
    if (part !== 'status') crd['status'] = withStoredVersion(crd, fields(old['status']));
  },
  validate: (crd, old, part) =>
    part === 'status' ? [] : [...validateDefinition(crd, old), ...conversionCauses(crd, old)],
};

function withStoredVersion(crd: KubeObject, status: JsonObject): JsonObject {
  const stored = items(status['storedVersions']);
  const storage = items(at(crd, 'spec', 'versions')).find((version) => at(version, 'storage') === true);
  const name = text(at(storage, 'name'));
  return name === '' || stored.includes(name) ? status : { ...status, storedVersions: [...stored, name] };
}

const REVIEW_VERSIONS = ['v1', 'v1beta1'];

/** Paths are those of kube-apiserver's internal form, in which there is no `webhook` between them. */
function conversionCauses(crd: KubeObject, old: KubeObject | undefined): Cause[] {
  const conversion = at(crd, 'spec', 'conversion');
  const client = at(conversion, 'webhook', 'clientConfig');
  const versions = at(conversion, 'webhook', 'conversionReviewVersions');
  const path = 'spec.conversion';
  if (at(conversion, 'strategy') === 'Webhook')
    return [
      ...(client === undefined
        ? [required(`${path}.webhookClientConfig`, 'required when strategy is set to Webhook')]
        : clientCauses(client, `${path}.webhookClientConfig`)),
      ...(allowsAnyBundle(old) ? [] : bundleCauses(client, `${path}.webhookClientConfig.caBundle`)),
      ...reviewVersionCauses(items(versions).map(String), `${path}.conversionReviewVersions`),
    ];
  const why = 'should not be set when strategy is not set to Webhook';
  return [
    ...(client === undefined ? [] : [forbidden(`${path}.webhookClientConfig`, why)]),
    ...(items(versions).length === 0 ? [] : [forbidden(`${path}.conversionReviewVersions`, why)]),
  ];
}

/** A definition that is not served yet may get its authority later; and one that has a broken bundle must be mendable. */
const allowsAnyBundle = (old: KubeObject | undefined): boolean =>
  old === undefined ||
  !isEstablished(old) ||
  bundleCauses(at(old, 'spec', 'conversion', 'webhook', 'clientConfig'), '').length > 0;

function reviewVersionCauses(versions: readonly string[], path: string): Cause[] {
  if (versions.length === 0) return [required(path)];
  const causes = versions.flatMap((version, index) =>
    versions.indexOf(version) < index
      ? [invalid(`${path}[${index}]`, version, 'duplicate version')]
      : nameCauses(version, 'service', `${path}[${index}]`),
  );
  if (!versions.some((version) => REVIEW_VERSIONS.includes(version)))
    causes.push(invalid(path, [...versions], `must include at least one of ${REVIEW_VERSIONS.join(', ')}`));
  return causes;
}
