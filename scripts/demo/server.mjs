/** The real server, as a child that does not outlive its parent however that ends. */
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
await import('../start.mjs');
