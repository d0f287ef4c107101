/**
 * The door of the API: types, schemas and names of both kinds.
 * Everything else in this folder is how they are made.
 */
export type { Canary, CanaryAnalysis, CanaryGates, CanaryStatus } from './canary.ts';
export { convert, CONVERTIBLE } from './conversion.ts';
export type { Convertible } from './conversion.ts';
export { CONVERSION, customResourceDefinitions, OLD_SCHEMAS, SCHEMAS } from './definitions.ts';
export type { CustomResourceDefinition } from './definitions.ts';
export {
  ANNOTATIONS,
  API_VERSION,
  CANARY_VERBS,
  ENVIRONMENTS,
  FIELD_MANAGER,
  FINALIZER,
  GROUP,
  isSchedule,
  LABELS,
  OLD_VERSION,
  PENDING_STATUS,
  SYSTEM_NAMESPACE,
  VERSION,
} from './meta.ts';
export type { Condition, Environment, InventoryItem, ObjectMeta } from './meta.ts';
export { formatRequest, OPERATION_VERBS, parseRequest } from './operation.ts';
export type { OperationRequest, OperationStatus, OperationVerb } from './operation.ts';
export { contrast, hostMistakes, paletteMistakes } from './rules.ts';
export type { Mistake } from './rules.ts';
export { withDefaults } from './schema.ts';
export type { Structural } from './schema.ts';
export type { ServiceSpec, ServiceStatus, ShopMindService } from './service.ts';
export { DOMAINS, MOVE_PHASES, overrideOf, RESERVED_NAMES } from './tenant.ts';
export type { Branding, Placement, Plan, ShopMindTenant, TenantSpec, TenantStatus } from './tenant.ts';
