export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="0 0 32 32">
      <path fill="#4f46e5" d="M16 1.5 28.6 8.75v14.5L16 30.5 3.4 23.25V8.75z" />
      <path
        fill="none"
        stroke="#fff"
        strokeWidth="2.6"
        strokeLinecap="round"
        strokeLinejoin="round"
        d="M10.5 13.2a6.4 6.4 0 0 1 11-1.2m0-3.2V12h-3.3M21.5 18.8a6.4 6.4 0 0 1-11 1.2m0 3.2V20h3.3"
      />
    </svg>
  );
}
