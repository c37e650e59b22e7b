// The headers that every test includes are precompiled with this file (CMakeLists.txt).
