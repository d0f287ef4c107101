/**
 * The real kubectl against the cluster under test: what people type must behave as on any cluster.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { stringify } from 'yaml';
import { kubectl as kubectlBinary } from '../kubectl/kubectl.ts';
import { ownFolder } from '../support/owned.ts';
import { until } from '../support/wait.ts';
import type { Body } from './client.ts';
import { deployment } from './suite.ts';
import { openTarget, type Target } from './target.ts';
import { at, listAt } from './value.ts';
import { categoryOf, newGroup, shortNameOf, widgetDefinition } from './widgets.ts';

type Result = { readonly code: number; readonly stdout: string; readonly stderr: string };

const namespace = `kubectl-${randomBytes(3).toString('hex')}`;
const group = newGroup();
let target: Target;
let binary: string;
let home: string;

before(async () => {
  // Before the cluster: where there is no kubectl, nothing is open that nobody closes.
  binary = await kubectlBinary();
  home = ownFolder('kubectl');
  target = await openTarget();
  await succeed(['create', 'namespace', namespace]);
});

after(async () => {
  await run(['delete', 'namespace', namespace, '--wait=false']);
  await target.close();
  await rm(home, { recursive: true, force: true });
});

/** Runs kubectl in the test's namespace, with `input` on its standard input. */
function run(args: readonly string[], input = ''): Promise<Result> {
  return new Promise((resolve) => {
    const env = { ...process.env, KUBECONFIG: target.kubeconfig, HOME: home };
    const child = execFile(
      binary,
      ['--namespace', namespace, ...args],
      { env, timeout: 60_000 },
      (error, stdout, stderr) => {
        resolve({
          code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1,
          stdout,
          stderr,
        });
      },
    );
    child.stdin?.end(input);
  });
}

async function succeed(args: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await run(args, input);
  assert.equal(code, 0, `kubectl ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

/** Says the same again and again until the answer is as wanted. */
async function eventually(args: readonly string[], wanted: RegExp): Promise<void> {
  let last: Result | undefined;
  await until(
    async () => {
      last = await run(args);
      return last.code === 0 && wanted.test(last.stdout) ? true : undefined;
    },
    {
      withinMs: 30_000,
      what: `kubectl ${args.join(' ')}`,
      tell: async () => `${last?.stdout ?? ''}${last?.stderr ?? ''}`,
    },
  );
}

/** The objects as a YAML stream for `-f -`. */
function yaml(...objects: readonly Body[]): string {
  return objects.map((object) => stringify(object)).join('---\n');
}

const podAddress = { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } };

function serving(name: string, replicas: number): Body {
  return deployment(
    name,
    { replicas },
    {
      args: ['serve'],
      imagePullPolicy: 'IfNotPresent',
      env: [podAddress],
      readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
    },
  );
}

function widgets(): Body {
  return widgetDefinition(group, {
    properties: {
      spec: {
        type: 'object',
        description: 'What the widget should be',
        required: ['size'],
        properties: { size: { type: 'integer', description: 'How big it is', minimum: 1 } },
      },
      status: {
        type: 'object',
        properties: {
          conditions: {
            type: 'array',
            items: { type: 'object', properties: { type: { type: 'string' }, status: { type: 'string' } } },
          },
        },
      },
    },
    subresources: { status: {} },
    additionalPrinterColumns: [
      { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ],
  });
}

const widget = (name: string, size: unknown): Body => ({
  apiVersion: `${group}/v1`,
  kind: 'Widget',
  metadata: { name },
  spec: { size },
});

describe('kubectl', () => {
  test('version and api-resources know the server', async () => {
    assert.match(await succeed(['version']), /Server Version: v1\./);
    const resources = await succeed(['api-resources', '--no-headers']);
    for (const line of [
      /^deployments\s+deploy\s+apps\/v1\s+true\s+Deployment/m,
      /^namespaces\s+ns\s+v1\s+false\s+Namespace/m,
    ])
      assert.match(resources, line);
  });

  test('apply creates, then leaves unchanged, then configures', async () => {
    const map = (value: string): string =>
      yaml({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data: { key: value } });
    assert.equal(await succeed(['apply', '-f', '-'], map('1')), 'configmap/applied created\n');
    assert.equal(await succeed(['apply', '-f', '-'], map('1')), 'configmap/applied unchanged\n');
    assert.equal(await succeed(['apply', '-f', '-'], map('2')), 'configmap/applied configured\n');
    assert.equal(await succeed(['get', 'cm', 'applied', '-o', 'jsonpath={.data.key}']), '2');
  });

  test('apply of a Deployment removes what is no longer written, by strategic merge', async () => {
    const app = (env: readonly Body[]): string => yaml(deployment('merged', { replicas: 0 }, { env }));
    await succeed(
      ['apply', '-f', '-'],
      app([
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ]),
    );
    await succeed(['set', 'env', 'deployment/merged', 'C=3']);
    await succeed(['apply', '-f', '-'], app([{ name: 'A', value: '1' }]));
    const names = await succeed([
      'get',
      'deploy',
      'merged',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].env[*].name}',
    ]);
    assert.deepEqual(names.split(' ').toSorted(), ['A', 'C']);
  });

  test('apply --server-side conflicts with another manager, and takes over when forced', async () => {
    const map = (value: string): string =>
      yaml({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared' }, data: { key: value } });
    await succeed(['apply', '--server-side', '--field-manager=one', '-f', '-'], map('1'));
    const { code, stderr } = await run(
      ['apply', '--server-side', '--field-manager=two', '-f', '-'],
      map('2'),
    );
    assert.equal(code, 1);
    assert.match(stderr, /Apply failed with 1 conflict: conflict with "one": \.data\.key/);
    assert.equal(
      await succeed(
        ['apply', '--server-side', '--force-conflicts', '--field-manager=two', '-f', '-'],
        map('2'),
      ),
      'configmap/shared serverside-applied\n',
    );
  });

  test('a misspelt field is refused before anything is made', async () => {
    const { code, stderr } = await run(['apply', '-f', '-'], yaml(deployment('misspelt', { replica: 1 })));
    assert.equal(code, 1);
    assert.match(stderr, /strict decoding error: unknown field "spec\.replica"/);
    assert.match(
      (await run(['get', 'deploy', 'misspelt'])).stderr,
      /Error from server \(NotFound\): deployments\.apps "misspelt" not found/,
    );
  });

  test('explain reads the documents of built-in kinds', async () => {
    const text = await succeed(['explain', 'deployment.spec.strategy']);
    assert.match(text, /GROUP:\s+apps\nKIND:\s+Deployment\nVERSION:\s+v1/);
    assert.match(text, /FIELD: strategy <DeploymentStrategy>/);
    assert.match(await succeed(['explain', 'cm', '--recursive']), /binaryData\s+<map\[string\]string>/);
  });

  test('create, label, annotate, patch and edit fields of an object', async () => {
    await succeed(['create', 'configmap', 'touched', '--from-literal=a=1']);
    await succeed(['label', 'cm', 'touched', 'colour=red']);
    await succeed(['annotate', 'cm', 'touched', 'example.com/note=hello']);
    await succeed(['patch', 'cm', 'touched', '--type=merge', '-p', '{"data":{"b":"2"}}']);
    await succeed(['patch', 'cm', 'touched', '--type=json', '-p', '[{"op":"remove","path":"/data/a"}]']);
    const object: unknown = JSON.parse(await succeed(['get', 'cm', '-l', 'colour=red', '-o', 'json']));
    assert.deepEqual(at(object, 'items.0.data'), { b: '2' });
    assert.equal(at(object, 'items.0.metadata.annotations[example.com/note]'), 'hello');
  });

  test('get prints columns, more when wide, names, YAML and custom columns', async () => {
    assert.match(
      await succeed(['get', 'deploy', 'merged']),
      /^NAME\s+READY\s+UP-TO-DATE\s+AVAILABLE\s+AGE\nmerged\s+0\/0\s+0\s+0\s+\d+s\n$/,
    );
    assert.match(
      await succeed(['get', 'deploy', 'merged', '-o', 'wide']),
      /CONTAINERS\s+IMAGES\s+SELECTOR\n.*main\s+shopmind\/test\s+app=merged/,
    );
    assert.equal(await succeed(['get', 'deploy', 'merged', '-o', 'name']), 'deployment.apps/merged\n');
    assert.match(
      await succeed(['get', 'deploy', 'merged', '-o', 'yaml']),
      /^apiVersion: apps\/v1\nkind: Deployment\n/,
    );
    assert.match(
      await succeed([
        'get',
        'deploy',
        '-o',
        'custom-columns=N:.metadata.name,R:.spec.replicas',
        '--sort-by=.metadata.name',
      ]),
      /^N\s+R\nmerged\s+0\n/,
    );
  });

  test('describe tells about an object and its events', async () => {
    const text = await succeed(['describe', 'deployment', 'merged']);
    assert.match(text, /^Name:\s+merged\nNamespace:\s+kubectl-/);
    assert.match(text, /Selector:\s+app=merged/);
    assert.match(text, /StrategyType:\s+RollingUpdate/);
  });

  test('scale changes the replicas, checked against what is there', async () => {
    assert.match(
      (await run(['scale', 'deploy/merged', '--current-replicas=5', '--replicas=1'])).stderr,
      /Expected replicas to be 5, was 0/,
    );
    assert.equal(
      await succeed(['scale', 'deploy/merged', '--replicas=0']),
      'deployment.apps/merged scaled\n',
    );
  });

  test('a dry run on the server prints and keeps nothing', async () => {
    assert.match(
      await succeed(['create', 'configmap', 'unborn', '--dry-run=server', '-o', 'name']),
      /configmap\/unborn/,
    );
    assert.equal((await run(['get', 'cm', 'unborn'])).code, 1);
  });

  test('auth says who we are and what we may do', async () => {
    assert.match(await succeed(['auth', 'whoami']), /Username/);
    assert.equal((await succeed(['auth', 'can-i', 'delete', 'pods'])).trim(), 'yes');
  });

  test('a custom kind is applied, waited for, explained, listed by short name, described, patched and deleted', async () => {
    const wd = shortNameOf(group);
    assert.match(
      await succeed(['apply', '-f', '-'], yaml(widgets())),
      /customresourcedefinition\.apiextensions\.k8s\.io\/widgets\..* created/,
    );
    await succeed(['wait', '--for=condition=Established', `crd/widgets.${group}`, '--timeout=30s']);
    // Established is not discovered yet, nor in the OpenAPI documents: API servers write those a moment later.
    await eventually(['api-resources', '--api-group', group, '-o', 'name'], /widgets/);
    assert.equal(
      await succeed(['apply', '-f', '-'], yaml(widget('one', 3))),
      `widget.${group}/one created\n`,
    );
    assert.equal(
      await succeed(['apply', '-f', '-'], yaml(widget('one', 4))),
      `widget.${group}/one configured\n`,
    );
    assert.match(await succeed(['get', wd]), /^NAME\s+SIZE\s+AGE\none\s+4\s+\d+s\n$/);
    assert.match(await succeed(['get', categoryOf(group), '-o', 'name']), /widget\..*\/one/);
    await eventually(
      ['explain', `${wd}.spec`],
      /What the widget should be[\s\S]*size\s+<integer> -required-/,
    );
    assert.match(await succeed(['describe', wd, 'one']), /Spec:\n\s+Size:\s+4/);
    const refused = await run(['apply', '-f', '-'], yaml(widget('bad', 0)));
    assert.match(
      refused.stderr,
      /The Widget "bad" is invalid: spec\.size: Invalid value: 0: spec\.size in body should be greater than or equal to 1/,
    );
    const waiting = succeed(['wait', '--for=condition=Ready', `${wd}/one`, '--timeout=30s']);
    await succeed([
      'patch',
      wd,
      'one',
      '--subresource=status',
      '--type=merge',
      '-p',
      '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}',
    ]);
    assert.match(await waiting, /condition met/);
    assert.match(await succeed(['delete', wd, 'one']), /"one" deleted/);
    await succeed(['delete', 'crd', `widgets.${group}`]);
  });

  test('a rollout is followed to its end, its log read, its history kept, and it is undone', async (context) => {
    if (!target.runsPods) return context.skip('this cluster runs no Pods');
    await succeed(['apply', '-f', '-'], yaml(serving('web', 1)));
    assert.match(
      await succeed(['rollout', 'status', 'deployment/web', '--timeout=60s']),
      /successfully rolled out/,
    );
    assert.match(await succeed(['logs', 'deployment/web']), /listening/);
    assert.match(
      await succeed(['get', 'pods', '-l', 'app=web', '-o', 'wide']),
      /NAME\s+READY\s+STATUS\s+RESTARTS\s+AGE\s+IP\s+NODE.*\nweb-\S+\s+1\/1\s+Running\s+0/,
    );
    await succeed(['set', 'env', 'deployment/web', 'VERSION=2']);
    await succeed(['rollout', 'status', 'deployment/web', '--timeout=60s']);
    assert.match(
      await succeed(['rollout', 'history', 'deployment/web']),
      /REVISION\s+CHANGE-CAUSE\n1\s.*\n2\s/,
    );
    await succeed(['rollout', 'undo', 'deployment/web']);
    await succeed(['rollout', 'status', 'deployment/web', '--timeout=60s']);
    await succeed(['rollout', 'restart', 'deployment/web']);
    await succeed(['rollout', 'status', 'deployment/web', '--timeout=60s']);
    const pods: unknown = JSON.parse(await succeed(['get', 'pods', '-l', 'app=web', '-o', 'json']));
    assert.ok(listAt(pods, 'items').length >= 1);
    await succeed(['delete', 'deployment', 'web']);
    await succeed(['wait', '--for=delete', 'pod', '-l', 'app=web', '--timeout=60s']);
  });

  test('a command runs in a container, with its input, its outputs and its exit status', async (context) => {
    if (!target.runsPods) return context.skip('this cluster runs no Pods');
    await succeed(['apply', '-f', '-'], yaml(serving('worked-in', 1)));
    await succeed(['rollout', 'status', 'deployment/worked-in', '--timeout=60s']);
    const program =
      "process.stdin.on('data', (data) => process.stdout.write(String(data).toUpperCase())).on('end', () => { console.error(process.env.PORT ?? 'no port'); process.exit(3); })";
    const into = ['exec', '-i', 'deployment/worked-in', '--', 'node', '-e', program];
    const { code, stdout, stderr } = await run(into, 'hello\n');
    assert.equal(code, 3);
    assert.equal(stdout, 'HELLO\n');
    assert.match(stderr, /no port\ncommand terminated with exit code 3/);
    assert.equal(await succeed(['exec', 'deployment/worked-in', '--', 'node', '-p', '6 * 7']), '42\n');
    const nowhere = await run(['exec', 'deployment/worked-in', '-c', 'nobody', '--', 'node', '-v']);
    assert.match(nowhere.stderr, /container nobody is not valid for pod worked-in/);
    const unknown = await run(['exec', 'deployment/worked-in', '--', 'no-such-program']);
    assert.match(unknown.stderr, /executable file not found in \$PATH/);
    await succeed(['delete', 'deployment', 'worked-in']);
  });

  test('deleting a namespace waits until it is gone', async () => {
    const other = `${namespace}-b`;
    await succeed(['create', 'namespace', other]);
    await succeed(['create', 'configmap', 'inside', '-n', other]);
    assert.match(await succeed(['delete', 'namespace', other, '--timeout=60s']), /deleted/);
    assert.equal((await run(['get', 'namespace', other])).code, 1);
  });
});
