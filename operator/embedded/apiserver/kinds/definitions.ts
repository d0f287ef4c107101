/** The rules of CustomResourceDefinitions. */
import { defaultDefinition, validateDefinition } from '../../schema/definition.ts';
import type { KindRules } from '../rules.ts';

export const DEFINITION_RULES: KindRules = {
  setDefaults: (crd) => defaultDefinition(crd),
  validate: (crd, old, part) => (part === 'status' ? [] : validateDefinition(crd, old)),
};
