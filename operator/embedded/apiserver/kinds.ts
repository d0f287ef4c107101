/** The rules of the built-in kinds. */
import type { Store } from '../store/store.ts';
import { fields, type KubeObject } from './objects.ts';
import type { ResourceType } from './resources.ts';
import type { KindRules } from './rules.ts';

const RULES: Readonly<Record<string, KindRules>> = {
  '/namespaces': {
    nameForm: 'label',
    prepareCreate(object: KubeObject) {
      object['spec'] = { finalizers: ['kubernetes'] };
      object['status'] = { phase: 'Active' };
    },
  },
  '/pods': {
    prepareCreate(object: KubeObject) {
      object['status'] = { ...fields(object['status']), phase: 'Pending' };
    },
  },
};

const NONE: KindRules = {};

export function builtInRules(type: ResourceType, _store: Store): KindRules {
  return RULES[type.storage] ?? NONE;
}
