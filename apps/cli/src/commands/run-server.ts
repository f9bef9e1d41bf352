import type { Context } from '../context.ts';

/** Runs a server in this very process, so that signals from a terminal or a supervisor reach it. Never returns. */
export async function runServer({ assets, note }: Context, defaultMode?: 'production'): Promise<never> {
  const { migrationsDirectory, dashboardFiles } = assets;
  const pages = dashboardFiles?.(note);
  // Whoever needs them hears of a failure.
  pages?.catch(() => undefined);
  const server = await import('@hexclave/server');
  return server.runServer({ defaultMode, migrationsDirectory, dashboardFiles: pages });
}
