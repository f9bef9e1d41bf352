/**
 * Loaded before a server: names that resolve as a test wants, or do not (no answer at all), and addresses of the Internet that lead to this machine.
 * Variables: TEST_NAMES, a JSON object from names to the answers that follow each other, each a list of addresses (the
 * last one stays); TEST_ROUTES, from addresses to ports here; TEST_NETWORK_LOG, a file that each look-up and each
 * connection appends a line to.
 */

import dns from 'node:dns';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

// biome-ignore lint/style/noProcessEnv: loaded into another process before it can read TypeScript.
const names = new Map(Object.entries(JSON.parse(process.env.TEST_NAMES)));
// biome-ignore lint/style/noProcessEnv: loaded into another process before it can read TypeScript.
const routes = JSON.parse(process.env.TEST_ROUTES);
// biome-ignore lint/style/noProcessEnv: loaded into another process before it can read TypeScript.
const note = (line) => appendFileSync(process.env.TEST_NETWORK_LOG, `${line}\n`);

function answerFor(name) {
  const answers = names.get(name);
  if (answers === undefined) return undefined;
  note(`lookup ${name}`);
  const addresses = (answers.length > 1 ? answers.shift() : answers[0]) ?? [];
  return addresses.map((address) => ({ address, family: net.isIP(address) }));
}

const { lookup } = dns.promises;
dns.promises.lookup = async (name, options) => {
  const found = answerFor(name);
  if (found?.length === 0) throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' });
  return found ?? lookup(name, options);
};

const lookupWithCallback = dns.lookup;
dns.lookup = (name, options, callback) => {
  const found = answerFor(name);
  if (found === undefined) return lookupWithCallback(name, options, callback);
  return process.nextTick(() => callback(null, found));
};

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...given) {
  const [first, second] = Array.isArray(given[0]) ? given[0] : given;
  const isPlain = typeof first === 'number';
  const { host, port } = isPlain ? { host: second, port: first } : (first ?? {});
  note(`connect ${host}`);
  const route = routes[host];
  if (route === undefined) return connect.apply(this, given);
  // A host that was let through is reached where the test has put it.
  const callback = given.find((argument) => typeof argument === 'function');
  return connect.call(
    this,
    { ...(isPlain ? {} : first), host: '127.0.0.1', port: route ?? port, lookup: undefined },
    callback,
  );
};

syncBuiltinESMExports();
