# What the report page is made of, embedded into the library as bytes (src/report/assets.c): our page sources and plotly.js.
# plotly.js comes from a package, never from this repository; it is stored deflated (8.7 MB -> 1.9 MB), and the browser inflates it.
set(PSH_PLOTLY_JS "" CACHE FILEPATH "plotly.js or plotly.min.js to embed into reports; empty: that of Debian's python3-plotly")
set(plotly_js "${PSH_PLOTLY_JS}")
if(NOT plotly_js)
  foreach(candidate
      /usr/share/python3-plotly/plotly.min.js /usr/share/python3-plotly/plotly.js
      /usr/lib/python3/dist-packages/plotly/package_data/plotly.min.js)
    if(NOT plotly_js AND EXISTS ${candidate})
      set(plotly_js ${candidate})
    endif()
  endforeach()
endif()
if(NOT plotly_js)
  message(FATAL_ERROR "plotly.js was not found; the report page needs it. Install Debian's package python3-plotly "
    "(sudo apt-get install python3-plotly), or give the file: cmake -DPSH_PLOTLY_JS=/path/to/plotly.min.js")
elseif(NOT EXISTS ${plotly_js})
  message(FATAL_ERROR "PSH_PLOTLY_JS=${plotly_js}: there is no such file. Give the path of a plotly.min.js, or install "
    "Debian's package python3-plotly and leave PSH_PLOTLY_JS empty.")
endif()
find_program(PSH_GZIP gzip REQUIRED)

set(report_assets ${CMAKE_BINARY_DIR}/report)
file(MAKE_DIRECTORY ${report_assets})
add_custom_command(OUTPUT ${report_assets}/plotly.js.gz
  COMMAND ${PSH_GZIP} -9 -n -c ${plotly_js} > ${report_assets}/plotly.js.gz # -n: no name, no time: the same bytes in every build
  DEPENDS ${plotly_js} VERBATIM COMMENT "Deflating ${plotly_js}")
set(page_sources ${CMAKE_SOURCE_DIR}/src/report/page.html ${CMAKE_SOURCE_DIR}/src/report/page.css ${CMAKE_SOURCE_DIR}/src/report/page.js)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/report/assets.c PROPERTIES
  COMPILE_DEFINITIONS "PSH_PAGE_FOLDER=\"${CMAKE_SOURCE_DIR}/src/report\";PSH_PLOTLY_GZ=\"${report_assets}/plotly.js.gz\""
  OBJECT_DEPENDS "${page_sources};${report_assets}/plotly.js.gz")
