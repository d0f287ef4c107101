/**
 * The conformance suite. It runs unchanged on the embedded cluster and on any other: see target.ts.
 */
import { access } from './cases/access.ts';
import { applying } from './cases/applying.ts';
import { converting } from './cases/converting.ts';
import { deleting } from './cases/deleting.ts';
import { definitions } from './cases/definitions.ts';
import { customResources } from './cases/custom-resources.ts';
import { discovery } from './cases/discovery.ts';
import { listing } from './cases/listing.ts';
import { openApi } from './cases/openapi.ts';
import { patching } from './cases/patching.ts';
import { rules } from './cases/rules.ts';
import { scaling } from './cases/scaling.ts';
import { tables } from './cases/tables.ts';
import { watching } from './cases/watching.ts';
import { webhooks } from './cases/webhooks.ts';
import { workloads } from './cases/workloads.ts';
import { writing } from './cases/writing.ts';
import { register } from './suite.ts';
import { openTarget } from './target.ts';

register(
  openTarget,
  {
    discovery,
    'OpenAPI documents': openApi,
    access,
    writing,
    deleting,
    listing,
    watching,
    patching,
    applying,
    tables,
    'admission webhooks': webhooks,
    workloads,
  },
  // Each case has a definition of its own, to whose first object kube-apiserver takes two seconds.
  {
    'custom resource definitions': definitions,
    'custom resources': customResources,
    'conversion by webhook': converting,
    'rules of custom resources': rules,
    'scale and status': scaling,
  },
);
