/** The rules of what makes Pods: Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and CronJobs. */
import { invalid, notSupported, required } from '../../schema/cause.ts';
import { isObject } from '../../schema/schema.ts';
import type { Cause } from '../errors.ts';
import {
  at,
  defaulted,
  ensureFields,
  equal,
  fields,
  text,
  type Json,
  type JsonObject,
  type KubeObject,
} from '../objects.ts';
import type { KindRules } from '../rules.ts';
import { labelSelectorMatches } from '../selectors.ts';
import { notNegative, oneOf, podSpecCauses, setPodSpecDefaults } from './pod-spec.ts';

const IMMUTABLE = 'field is immutable';

const specOf = (object: KubeObject): JsonObject | undefined => {
  const spec = object['spec'];
  return isObject(spec) ? spec : undefined;
};

function setTemplateDefaults(spec: JsonObject): void {
  const template = spec['template'];
  if (!isObject(template)) return;
  setPodSpecDefaults(template);
}

export const DEPLOYMENT_RULES: KindRules = {
  setDefaults(deployment) {
    const spec = specOf(deployment);
    if (!spec) return;
    setTemplateDefaults(spec);
    defaulted(spec, 'replicas', 1);
    defaulted(spec, 'revisionHistoryLimit', 10);
    defaulted(spec, 'progressDeadlineSeconds', 600);
    const strategy = ensureFields(spec, 'strategy');
    defaulted(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] !== 'RollingUpdate') return;
    const rolling = ensureFields(strategy, 'rollingUpdate');
    defaulted(rolling, 'maxSurge', '25%');
    defaulted(rolling, 'maxUnavailable', '25%');
  },
  validate(deployment, old) {
    const causes = [...workloadCauses(deployment, old), ...alwaysRestarts(deployment)];
    const strategy = at(deployment, 'spec', 'strategy');
    causes.push(...oneOf(at(strategy, 'type'), 'spec.strategy.type', ['Recreate', 'RollingUpdate']));
    const rolling = fields(at(strategy, 'rollingUpdate'));
    if (isZero(rolling['maxSurge']) && isZero(rolling['maxUnavailable']))
      causes.push(
        invalid(
          'spec.strategy.rollingUpdate.maxUnavailable',
          rolling['maxUnavailable'] ?? 0,
          'may not be 0 when `maxSurge` is 0',
        ),
      );
    const minReady = at(deployment, 'spec', 'minReadySeconds');
    const deadline = at(deployment, 'spec', 'progressDeadlineSeconds');
    if (typeof minReady === 'number' && typeof deadline === 'number' && deadline <= minReady)
      causes.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
    return causes;
  },
};

const isZero = (value: Json | undefined): boolean => value === 0 || value === '0%' || value === '0';

export const REPLICA_SET_RULES: KindRules = {
  setDefaults(set) {
    const spec = specOf(set);
    if (!spec) return;
    setTemplateDefaults(spec);
    defaulted(spec, 'replicas', 1);
  },
  validate: (set, old) => [...workloadCauses(set, old), ...alwaysRestarts(set)],
};

export const REPLICATION_CONTROLLER_RULES: KindRules = {
  setDefaults(controller) {
    const spec = specOf(controller);
    if (!spec) return;
    setTemplateDefaults(spec);
    defaulted(spec, 'replicas', 1);
    const labels = at(spec, 'template', 'metadata', 'labels');
    if (labels !== undefined) defaulted(spec, 'selector', labels);
  },
  validate: (controller) => podSpecCauses(at(controller, 'spec', 'template', 'spec'), 'spec.template.spec'),
};

export const STATEFUL_SET_RULES: KindRules = {
  setDefaults(set) {
    const spec = specOf(set);
    if (!spec) return;
    setTemplateDefaults(spec);
    defaulted(spec, 'replicas', 1);
    defaulted(spec, 'revisionHistoryLimit', 10);
    defaulted(spec, 'podManagementPolicy', 'OrderedReady');
    defaulted(spec, 'persistentVolumeClaimRetentionPolicy', { whenDeleted: 'Retain', whenScaled: 'Retain' });
    const strategy = ensureFields(spec, 'updateStrategy');
    defaulted(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] === 'RollingUpdate')
      defaulted(ensureFields(strategy, 'rollingUpdate'), 'partition', 0);
  },
  validate: (set, old) => [...workloadCauses(set, old), ...alwaysRestarts(set)],
};

export const DAEMON_SET_RULES: KindRules = {
  setDefaults(set) {
    const spec = specOf(set);
    if (!spec) return;
    setTemplateDefaults(spec);
    defaulted(spec, 'revisionHistoryLimit', 10);
    const strategy = ensureFields(spec, 'updateStrategy');
    defaulted(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] !== 'RollingUpdate') return;
    const rolling = ensureFields(strategy, 'rollingUpdate');
    defaulted(rolling, 'maxUnavailable', 1);
    defaulted(rolling, 'maxSurge', 0);
  },
  validate: (set, old) => [...workloadCauses(set, old), ...alwaysRestarts(set)],
};

function workloadCauses(object: KubeObject, old: KubeObject | undefined): Cause[] {
  const spec = fields(object['spec']);
  const causes: Cause[] = [
    ...notNegative(spec['replicas'], 'spec.replicas'),
    ...notNegative(spec['minReadySeconds'], 'spec.minReadySeconds'),
  ];
  causes.push(...notNegative(spec['revisionHistoryLimit'], 'spec.revisionHistoryLimit'));
  const selector = spec['selector'];
  if (isObject(selector)) {
    if (Object.keys(selector).length === 0)
      causes.push(invalid('spec.selector', {}, 'empty selector is invalid for deployment'));
    const labels = fields(at(spec, 'template', 'metadata', 'labels'));
    const given = Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, text(value)]));
    if (!labelSelectorMatches(selector, given))
      causes.push(
        invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'),
      );
  }
  if (old && !equal(selector, at(old, 'spec', 'selector')))
    causes.push(invalid('spec.selector', selector ?? null, IMMUTABLE));
  causes.push(...podSpecCauses(at(spec, 'template', 'spec'), 'spec.template.spec'));
  return causes;
}

function alwaysRestarts(object: KubeObject): Cause[] {
  const policy = at(object, 'spec', 'template', 'spec', 'restartPolicy');
  return policy === undefined || policy === 'Always'
    ? []
    : [notSupported('spec.template.spec.restartPolicy', policy, ['Always'])];
}

export const JOB_RULES: KindRules = {
  setDefaults(job) {
    const spec = specOf(job);
    if (spec) setJobDefaults(spec);
  },
  prepareCreate(job) {
    const spec = specOf(job);
    if (!spec || spec['manualSelector'] === true) return;
    const { uid, name } = job.metadata;
    const labels = ensureFields(ensureFields(ensureFields(spec, 'template'), 'metadata'), 'labels');
    Object.assign(labels, {
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': name,
      'controller-uid': uid,
      'job-name': name,
    });
    spec['selector'] = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } };
  },
  validate(job, old) {
    const spec = fields(job['spec']);
    const causes = jobCauses(spec, 'spec');
    const before = old && fields(old['spec']);
    if (before)
      for (const name of ['selector', 'template', 'completionMode'])
        if (before['suspend'] !== true || name !== 'template')
          if (!equal(spec[name], before[name]))
            causes.push(invalid(`spec.${name}`, spec[name] ?? null, IMMUTABLE));
    return causes;
  },
};

function setJobDefaults(spec: JsonObject): void {
  setTemplateDefaults(spec);
  if (spec['completions'] === undefined && spec['parallelism'] === undefined) spec['completions'] = 1;
  defaulted(spec, 'parallelism', 1);
  defaulted(spec, 'backoffLimit', 6);
  defaulted(spec, 'completionMode', 'NonIndexed');
  defaulted(spec, 'suspend', false);
  defaulted(spec, 'podReplacementPolicy', 'TerminatingOrFailed');
  defaulted(spec, 'manualSelector', false);
}

function jobCauses(spec: JsonObject, path: string): Cause[] {
  const causes: Cause[] = [];
  for (const name of [
    'parallelism',
    'completions',
    'backoffLimit',
    'activeDeadlineSeconds',
    'ttlSecondsAfterFinished',
  ])
    causes.push(...notNegative(spec[name], `${path}.${name}`));
  const policy = at(spec, 'template', 'spec', 'restartPolicy');
  if (policy === 'Always')
    causes.push({
      field: `${path}.template.spec.restartPolicy`,
      reason: 'FieldValueInvalid',
      message: 'Required value: valid values: "OnFailure", "Never"',
    });
  causes.push(...podSpecCauses(at(spec, 'template', 'spec'), `${path}.template.spec`));
  return causes;
}

const FIELD = /^[\d*,/\-A-Za-z?LW#]+$/;

export const CRON_JOB_RULES: KindRules = {
  setDefaults(cron) {
    const spec = specOf(cron);
    if (!spec) return;
    defaulted(spec, 'concurrencyPolicy', 'Allow');
    defaulted(spec, 'suspend', false);
    defaulted(spec, 'successfulJobsHistoryLimit', 3);
    defaulted(spec, 'failedJobsHistoryLimit', 1);
    const job = at(spec, 'jobTemplate', 'spec');
    if (isObject(job)) setTemplateDefaults(job);
  },
  validate(cron) {
    const spec = fields(cron['spec']);
    const causes = jobCauses(fields(at(spec, 'jobTemplate', 'spec')), 'spec.jobTemplate.spec');
    const schedule = text(spec['schedule']);
    const parts = schedule.trim().split(/\s+/);
    const known = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every .+)$/.test(schedule);
    if (schedule === '') causes.push(required('spec.schedule'));
    else if (!known && (parts.length !== 5 || !parts.every((part) => FIELD.test(part))))
      causes.push(
        invalid(
          'spec.schedule',
          schedule,
          `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`,
        ),
      );
    causes.push(
      ...oneOf(spec['concurrencyPolicy'], 'spec.concurrencyPolicy', ['Allow', 'Forbid', 'Replace']),
    );
    return causes;
  },
};
