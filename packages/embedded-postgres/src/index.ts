export {
  type Cluster,
  type ClusterOptions,
  copyCluster,
  dataFolderOf,
  initialise,
  type StopMode,
  startCluster,
} from './cluster.ts';
export { SUPERUSER } from './initialise.ts';
export { findFreePort, isPortFree } from './ports.ts';
export { isAlive, startToken } from './process-info.ts';
