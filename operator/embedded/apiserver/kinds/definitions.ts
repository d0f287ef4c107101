/** The rules of CustomResourceDefinitions. */
import { invalid } from '../../schema/cause.ts';
import { defaultDefinition, validateDefinition } from '../../schema/definition.ts';
import type { Cause } from '../errors.ts';
import { at, type KubeObject } from '../objects.ts';
import type { KindRules } from '../rules.ts';

export const DEFINITION_RULES: KindRules = {
  setDefaults: (crd) => defaultDefinition(crd),
  validate: (crd, old, part) =>
    part === 'status' ? [] : [...validateDefinition(crd, old), ...conversionCauses(crd)],
};

/** Versions are converted in `conversion.ts`, which asks nobody else; accepting a webhook would be a promise not kept. */
function conversionCauses(crd: KubeObject): Cause[] {
  const path = ['spec', 'conversion', 'strategy'];
  if (at(crd, ...path) !== 'Webhook') return [];
  return [
    invalid(
      path.join('.'),
      'Webhook',
      'the embedded cluster does not call conversion webhooks; use None, by which versions differ in apiVersion only',
    ),
  ];
}
