/** Where browsers would reach the dashboard of a server process. */
export const DASHBOARD_URL = 'http://localhost';
