export { type Cluster, type ClusterOptions, copyCluster, initialise, type StopMode, startCluster } from './cluster.ts';
export { SUPERUSER } from './initialise.ts';
export { findFreePort, isPortFree } from './ports.ts';
