/** Outlines on a grid of 16, drawn in the colour of the text. */
const PATHS = {
  projects: 'M2.5 4.5h11v3h-11zM2.5 9.5h11v3h-11zM5 6h.01M5 11h.01',
  pipeline: 'M2 8h3l2-4 2.5 8 2-4H14',
  switch: 'M5 4.5h6a3.5 3.5 0 0 1 0 7H5a3.5 3.5 0 0 1 0-7zM5 6.5v3',
  log: 'M4 2.5h8v11H4zM6 5.5h4M6 8h4M6 10.5h2',
  database:
    'M3 4c0-1 2.2-1.7 5-1.7s5 .7 5 1.7-2.2 1.7-5 1.7S3 5 3 4zM3 4v8c0 1 2.2 1.7 5 1.7s5-.7 5-1.7V4M3 8c0 1 2.2 1.7 5 1.7s5-.7 5-1.7',
  user: 'M8 8a2.6 2.6 0 1 0 0-5.2A2.6 2.6 0 0 0 8 8zM3 13.4c.5-2.4 2.5-3.6 5-3.6s4.500 1.200 5 3.600',
  team: 'M6 7.600a2.200 2.200 0 1 0 0-4.400 2.200 2.200 0 0 0 0 4.400zM1.800 12.600c.4-2.100 2-3.200 4.200-3.200s3.800 1.100 4.200 3.200M10.500 3.400a2.100 2.100 0 0 1 0 4M12 9.700c1.200.5 2 1.500 2.200 2.900',
  key: 'M6 10.800a2.800 2.800 0 1 0 0-5.600 2.800 2.800 0 0 0 0 5.600zM8.800 8H14v2.200M11.800 8v1.700',
  settings: 'M2.500 4.500h5M10.500 4.500h3M9 3v3M2.500 11.500h3M8.500 11.500h5M7 10v3',
  plus: 'M8 3v10M3 8h10',
  search: 'M7 11.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9zM10.300 10.300 13.500 13.500',
  check: 'M3 8.500 6.500 12 13 4.500',
  cross: 'M4 4l8 8M12 4l-8 8',
  copy: 'M5.500 5.500h7v7h-7zM3.500 10.500v-7h7',
  pause: 'M5.500 3.500v9M10.500 3.500v9',
  play: 'M5 3.200v9.600l7.500-4.800z',
  retry: 'M12.800 6.200A5.200 5.200 0 1 0 13.200 9M13 2.800v3.500H9.500',
  warning: 'M8 2.500 14.200 13.300H1.800zM8 6.500v3M8 11.300v.01',
  chevron: 'M6 3.500 10.500 8 6 12.500',
  up: 'M8 13V3.500M4 7.200l4-4 4 4',
  down: 'M8 3v9.500M4 8.800l4 4 4-4',
  sun: 'M8 10.800a2.800 2.800 0 1 0 0-5.600 2.800 2.800 0 0 0 0 5.600zM8 1.500v1.200M8 13.300v1.200M1.500 8h1.200M13.300 8h1.200M3.400 3.400l.9.9M11.700 11.700l.9.9M3.400 12.600l.9-.9M11.700 4.300l.9-.9',
  moon: 'M13 9.600A5.500 5.500 0 1 1 6.400 3a4.400 4.400 0 0 0 6.600 6.600z',
  screen: 'M2.500 3h11v7.500h-11zM5.500 13.500h5M8 10.500v3',
  out: 'M6.500 2.500h-3v11h3M10 5l3 3-3 3M13 8H6',
  menu: 'M2.500 4.500h11M2.500 8h11M2.500 11.500h11',
  more: 'M3.500 8h.01M8 8h.01M12.500 8h.01',
  trash: 'M3 4.500h10M6.500 4.500v-2h3v2M4.500 4.500l.5 9h6l.5-9M6.800 7v4M9.200 7v4',
  edit: 'M3 13l.6-2.800 7-7 2.200 2.200-7 7zM9.300 4.500l2.200 2.200',
} as const;

export type IconName = keyof typeof PATHS;

/** Only ever beside words that say the same, or on a control that has a label. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'more' ? 2.2 : 1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
