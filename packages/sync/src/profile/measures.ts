import type { ProfileMeasure } from '@hexclave/config';

/** Without these a profile says nothing: no source may lack them. */
export const ESSENTIAL: readonly ProfileMeasure[] = ['execution_time', 'rows'];

export type Measures = Readonly<Partial<Record<ProfileMeasure, number>>>;

/** Measures that are not there, each with the reason. */
export type Lacking = Readonly<Partial<Record<ProfileMeasure, string>>>;
