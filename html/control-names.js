// What the controls of cameras and their choices are called in Korean: the names that the kernel's drivers give them.
// Others keep the driver's words.

import { language } from "./strings.js";

const controls = {
  brightness: "밝기", contrast: "대비", saturation: "채도", hue: "색조", gamma: "감마", sharpness: "선명도",
  gain: "게인", gain_automatic: "자동 게인", chroma_gain: "색차 게인", red_balance: "적색 균형", blue_balance: "청색 균형",
  white_balance_automatic: "자동 화이트 밸런스", white_balance_temperature_auto: "자동 화이트 밸런스",
  white_balance_temperature: "화이트 밸런스 색온도", backlight_compensation: "역광 보정", power_line_frequency: "전원 주파수",
  auto_exposure: "자동 노출", exposure_auto: "자동 노출", exposure: "노출", exposure_time_absolute: "노출 시간",
  exposure_absolute: "노출 시간", exposure_dynamic_framerate: "노출에 따른 프레임 속도",
  exposure_auto_priority: "노출에 따른 프레임 속도", focus_absolute: "초점", focus_automatic_continuous: "연속 자동 초점",
  focus_auto: "자동 초점", zoom_absolute: "줌", zoom_continuous: "연속 줌", pan_absolute: "좌우 방향", tilt_absolute: "상하 방향",
  pan_reset: "좌우 방향 초기화", tilt_reset: "상하 방향 초기화", iris_absolute: "조리개", privacy: "사생활 보호",
  horizontal_flip: "좌우 반전", vertical_flip: "상하 반전", rotate: "회전", test_pattern: "시험 화면", led1_mode: "표시등",
  compression_quality: "압축 품질", iso_sensitivity: "ISO 감도", iso_sensitivity_auto: "자동 ISO 감도", scene_mode: "장면 모드",
};

const choices = {
  "Auto Mode": "자동", "Manual Mode": "수동", "Shutter Priority Mode": "셔터 우선", "Aperture Priority Mode": "조리개 우선",
  Auto: "자동", Manual: "수동", Disabled: "사용 안 함", Enabled: "사용", None: "없음", Off: "끔", On: "켬",
};

/** A control's name for a person; the driver's own where the language is English. */
export const controlText = ({ name, description }) => (language.code === "ko" && controls[name]) || description || name;

/** The same for a choice of a menu. */
export const choiceText = (choice) => (language.code === "ko" && choices[choice]) || choice;
