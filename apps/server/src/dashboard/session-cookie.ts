import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { HttpEnvironment } from '../http/environment.ts';
import { SESSION_SECONDS } from './sessions.ts';

type RequestContext = Context<HttpEnvironment>;

/** A token as sessions have it; anything else is not looked up. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/**
 * The cookie that stands for a session. Scripts cannot read it, and no other site's page makes the browser send it.
 * Over https its name has the prefix by which browsers keep other hosts from setting it. Over http it carries the port:
 * browsers tell cookies apart by host only, and several Hexclaves may run on one machine.
 */
export type SessionCookie = {
  read(c: RequestContext): string | undefined;
  set(c: RequestContext, token: string): void;
  clear(c: RequestContext): void;
};

/** @param originOf the origin of the dashboard's pages, by which it is known whether they are served over https */
export function createSessionCookie(originOf: (c: RequestContext) => string): SessionCookie {
  const describe = (c: RequestContext) => {
    const { protocol, port } = new URL(originOf(c));
    const secure = protocol === 'https:';
    return { name: secure ? '__Host-hexclave-session' : `hexclave-session-${port || '80'}`, secure };
  };
  return {
    read: (c) => {
      const token = getCookie(c, describe(c).name) ?? '';
      return TOKEN.test(token) ? token : undefined;
    },
    set: (c, token) => {
      const { name, secure } = describe(c);
      setCookie(c, name, token, { httpOnly: true, sameSite: 'Strict', path: '/', secure, maxAge: SESSION_SECONDS });
    },
    clear: (c) => {
      const { name, secure } = describe(c);
      deleteCookie(c, name, { httpOnly: true, sameSite: 'Strict', path: '/', secure });
    },
  };
}
