/** The rules of the built-in kinds. */
import type { Store } from '../store/store.ts';
import { builtinSchema } from '../openapi/documents.ts';
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

/** Schemas are read on first use: a start needs few of them. */
export function createKinds(_store: Store): (type: ResourceType) => KindRules {
  const known = new Map<ResourceType, KindRules>();
  return (type) => {
    let rules = known.get(type);
    if (!rules) {
      const schema = builtinSchema(type);
      rules = { ...RULES[type.storage], ...(schema ? { schema } : {}) };
      known.set(type, rules);
    }
    return rules;
  };
}
