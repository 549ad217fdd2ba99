// SPDX-License-Identifier: Apache-2.0
// A library that has nothing of what NVIDIA's has.
__attribute__((visibility("default"))) int stub_of_something_else(void);

int stub_of_something_else(void)
{
    return 0;
}
