import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What a new user copies out of the terminal. */
export type Announcement = {
  apiUrl: string;
  docsUrl: string;
  openApiUrl: string;
  serverKey: string;
  curl: string;
  psql: string;
  milliseconds: number;
};

export function readAnnouncement(output: string): Announcement {
  return {
    apiUrl: find(output, /API +(http\S+)/),
    docsUrl: find(output, /(http\S+\/docs)\b/),
    openApiUrl: find(output, /(http\S+\/openapi\.json)/),
    serverKey: find(output, /secret server key +(ssk_\S+)/),
    curl: find(output, /^ *(curl (?:.*\\\n)*.*)$/m),
    psql: find(output, /^ *(psql .*)$/m),
    milliseconds: Number(find(output, /Measured just now: ([\d.]+) ms/)),
  };
}

function find(output: string, pattern: RegExp): string {
  const found = pattern.exec(output)?.[1];
  if (found === undefined) throw new Error(`Nothing like ${pattern} was printed:\n${output}`);
  return found;
}

/** The arguments of a printed command as a shell reads it. Neither curl nor psql need be installed. */
export async function argumentsOf(command: string): Promise<string[]> {
  const { stdout } = await run('/bin/sh', ['-c', `printf '%s\\n' ${command}`]);
  return stdout.trimEnd().split('\n');
}

/** Sends the request that a `curl` command stands for. */
export async function sendCurl(command: string): Promise<Response> {
  const [, url = '', ...options] = await argumentsOf(command);
  const headers = new Headers();
  let body: string | undefined;
  for (let index = 0; index < options.length; index += 2) {
    const [option, value = ''] = options.slice(index, index + 2);
    if (option === '-H') headers.append(value.slice(0, value.indexOf(':')), value.slice(value.indexOf(':') + 1));
    else if (option === '-d') body = value;
    else throw new Error(`curl has an option that is not known here: ${option}`);
  }
  return await fetch(url, { method: 'POST', headers, body });
}
