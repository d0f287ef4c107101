/** An object without anything but its metadata. */
import type { JsonObject, KubeObject } from '../objects.ts';

export const metadataOnly = (object: KubeObject): JsonObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata: object.metadata,
});
